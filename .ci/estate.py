"""Serves a generated estate with fakepve, a fake Proxmox VE API.

    estate.py GUESTS [argument of fakepve...]

Writes the estate to the file GUESTS, in fakepve's own format, and serves it. To what the command line of
fakepve can do it adds an API token, from the environment variable FAKEPVE_TOKEN (user@realm!name=secret).
"""

import json
import os
import sys

import fakepve.__main__ as fakepve


def mac(vmid, index):
    return f"BC:24:11:{vmid // 256:02X}:{vmid % 256:02X}:{index:02X}"


def interface(name, address, *ips):
    """An interface as the guest agent reports it."""
    return {"name": name, "hardware-address": address.lower(), "ip-addresses": [
        {"ip-address": ip, "ip-address-type": "ipv6" if ":" in ip else "ipv4", "prefix": prefix} for ip, prefix in ips]}


def qemu(vmid, node, running):
    """A virtual machine: every third has a second interface, every fourth no agent."""
    nics = 2 if vmid % 3 == 0 else 1
    config = {
        "cores": 1 + vmid % 4, "sockets": 1 + vmid % 2, "memory": str(1024 * (1 + vmid % 8)), "ostype": "l26",
        "scsihw": "virtio-scsi-single", "scsi0": f"local-lvm:vm-{vmid}-disk-0,iothread=1,size={8 + vmid % 32}G",
        "smbios1": f"uuid=00000000-0000-4000-8000-{vmid:012d}", "onboot": vmid % 2, "tags": "live;qemu",
        "description": f"Virtual machine {vmid}.\n", "agent": "0" if vmid % 4 == 0 else "1",
    }
    if nics == 2:
        config["scsi1"] = f"local-lvm:vm-{vmid}-disk-1,size=100G"
    for index in range(nics):
        config[f"net{index}"] = f"virtio={mac(vmid, index)},bridge=vmbr0,firewall=1" + (",tag=20" if index else "")
    guest = {"vmid": vmid, "name": f"vm{vmid}", "node": node, "type": "qemu",
             "status": "running" if running else "stopped", "config": config}
    if config["agent"] == "1":
        guest["agent"] = {"interfaces": [interface("lo", "00:00:00:00:00:00", ("127.0.0.1", 8), ("::1", 128))] + [
            interface(f"eth{index}", mac(vmid, index), (f"10.{index + 1}.0.{vmid % 256}", 24),
                      (f"2001:db8:{index + 1}::{vmid:x}", 64), (f"fe80::{vmid:x}", 64)) for index in range(nics)]
            + [interface("docker0", "02:42:00:00:00:01", ("172.17.0.1", 16))]}
    return guest


def lxc(vmid, node, running):
    """A container with a static address of each family."""
    return {"vmid": vmid, "name": f"ct{vmid}", "node": node, "type": "lxc",
            "status": "running" if running else "stopped", "config": {
                "hostname": f"ct{vmid}", "ostype": "debian", "arch": "amd64", "cores": 1 + vmid % 2,
                "memory": 512, "swap": 512, "rootfs": f"local-lvm:vm-{vmid}-disk-0,size=8G", "unprivileged": 1,
                "mp0": f"local-lvm:vm-{vmid}-disk-1,mp=/srv,size=16G", "tags": "live;lxc",
                "net0": f"name=eth0,bridge=vmbr0,hwaddr={mac(vmid, 0)},ip=10.3.0.{vmid % 256}/24,gw=10.3.0.1,"
                        f"ip6=2001:db8:3::{vmid:x}/64,tag=30,type=veth"}}


def estate():
    """25 virtual machines and a template, 15 containers; every fifth guest is stopped."""
    guests = [qemu(vmid, f"pve{1 + vmid % 3}", vmid % 5 > 0) for vmid in range(100, 125)]
    template = qemu(190, "pve1", False)
    template.update(name="template190", template=True)
    template["config"]["template"] = 1
    return guests + [template] + [lxc(vmid, f"pve{1 + vmid % 3}", vmid % 5 > 0) for vmid in range(200, 215)]


class Cluster(fakepve.FakePve):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cluster_name = "lab"
        token, _, secret = os.environ["FAKEPVE_TOKEN"].partition("=")
        self.apitokens[token] = secret


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"guests": estate()}, file, indent=1)
    fakepve.FakePve = Cluster
    fakepve.main()
