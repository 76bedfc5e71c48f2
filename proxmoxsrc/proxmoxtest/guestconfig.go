package proxmoxtest

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// fill sets what a device without a name or model is called.
func (n *NIC) fill(g *Guest) {
	if g.Kind == LXC {
		if n.Name == "" {
			n.Name = fmt.Sprintf("eth%d", n.Index)
		}
		return
	}
	if n.Model == "" {
		n.Model = "virtio"
	}
	if n.Name != "" {
		return
	}
	switch {
	case !g.isWindows():
		n.Name = fmt.Sprintf("ens%d", 18+n.Index)
	case n.Index == 0:
		n.Name = "Ethernet"
	default:
		n.Name = fmt.Sprintf("Ethernet %d", n.Index+1)
	}
}

func (g *Guest) isWindows() bool {
	return strings.HasPrefix(g.OSType, "win") || strings.HasPrefix(g.OSType, "w2k")
}

// configuration renders the configuration as the release of its node would:
// the running values if current, else with the pending changes merged in.
func (g *Guest) configuration(r release, current bool) map[string]any {
	config := map[string]any{}
	if g.Kind == LXC {
		g.containerConfig(config)
	} else {
		g.machineConfig(config, r)
	}
	g.commonConfig(config)
	overlay(config, g.Config)
	sum := digest(config)
	if !current {
		overlay(config, g.Pending)
	}
	if _, set := config["digest"]; !set {
		config["digest"] = sum
	}
	return config
}

// overlay sets the keys of changes; nil deletes.
func overlay(config, changes map[string]any) {
	maps.Copy(config, changes)
	for key, value := range changes {
		if value == nil {
			delete(config, key)
		}
	}
}

// digest stands for the SHA1 of the configuration file.
func digest(config map[string]any) string {
	text, err := json.Marshal(config)
	if err != nil {
		text = fmt.Append(nil, config)
	}
	sum := sha1.Sum(text)
	return hex.EncodeToString(sum[:])
}

func (g *Guest) commonConfig(config map[string]any) {
	setNumber(config, "cores", g.Cores)
	setText(config, "cpulimit", g.CPULimit)
	setText(config, "lock", g.Lock)
	setText(config, "tags", strings.Join(g.Tags, ";"))
	setText(config, "ostype", g.OSType)
	if g.OnBoot {
		config["onboot"] = 1
	}
	if g.Template {
		config["template"] = 1
	}
	volumes := 0
	for i := range g.Disks {
		disk := &g.Disks[i]
		config[disk.Slot] = disk.text(g, volumes)
		if disk.Kind == DiskVolume {
			volumes++
		}
	}
}

func (g *Guest) machineConfig(config map[string]any, r release) {
	setText(config, "name", g.Name)
	setText(config, "description", g.Description)
	setNumber(config, "sockets", g.Sockets)
	setNumber(config, "vcpus", g.VCPUs)
	if mebibytes := g.Memory >> 20; mebibytes > 0 {
		config["memory"] = mebibytes
		if r.memoryIsText() {
			config["memory"] = strconv.FormatInt(mebibytes, 10)
		}
	}
	switch g.Agent {
	case AgentOff:
	case AgentDisabled:
		config["agent"] = "0"
	default:
		config["agent"] = "1"
	}
	config["numa"] = 0
	config["scsihw"] = "virtio-scsi-single"
	config["smbios1"] = "uuid=" + g.UUID
	config["meta"] = fmt.Sprintf("creation-qemu=9.0.2,ctime=%d", g.Created)
	if disk := g.bootDisk(); disk != nil {
		config["boot"] = "order=" + disk.Slot
	}
	for i := range g.NICs {
		nic := &g.NICs[i]
		config[fmt.Sprintf("net%d", nic.Index)] = nic.machineText()
		if text := nic.cloudInitText(); text != "" {
			config[fmt.Sprintf("ipconfig%d", nic.Index)] = text
		}
	}
}

func (g *Guest) containerConfig(config map[string]any) {
	setText(config, "hostname", g.Name)
	if g.Description != "" {
		config["description"] = g.Description + "\n"
	}
	if mebibytes := g.Memory >> 20; mebibytes > 0 {
		config["memory"] = mebibytes
	}
	config["arch"] = "amd64"
	config["swap"] = 512
	config["unprivileged"] = 1
	for i := range g.NICs {
		nic := &g.NICs[i]
		config[fmt.Sprintf("net%d", nic.Index)] = nic.containerText()
	}
}

func setText(config map[string]any, key, value string) {
	if value != "" {
		config[key] = value
	}
}

func setNumber(config map[string]any, key string, value int) {
	if value != 0 {
		config[key] = value
	}
}

// bootDisk is the first attached drive that can boot, or the root file system.
func (g *Guest) bootDisk() *Disk {
	if g.Kind == LXC {
		return g.Disk("rootfs")
	}
	for i := range g.Disks {
		disk := &g.Disks[i]
		if disk.bootable() {
			return disk
		}
	}
	return nil
}

func (d *Disk) bootable() bool {
	if d.Kind != DiskVolume && d.Kind != DiskPassthrough {
		return false
	}
	for _, bus := range []string{"scsi", "virtio", "sata", "ide"} {
		if strings.HasPrefix(d.Slot, bus) {
			return true
		}
	}
	return false
}

// property builds a comma-separated property string.
type property struct{ parts []string }

func (p *property) add(key, value string) {
	if value != "" {
		p.parts = append(p.parts, key+"="+value)
	}
}

func (p *property) number(key string, value int) {
	if value != 0 {
		p.add(key, strconv.Itoa(value))
	}
}

func (p *property) flag(key string, value bool) {
	if value {
		p.add(key, "1")
	}
}

func (p *property) String() string { return strings.Join(p.parts, ",") }

func (n *NIC) machineText() string {
	p := property{parts: []string{n.Model}}
	if n.MAC != "" {
		p.parts[0] += "=" + n.MAC
	}
	p.add("bridge", n.Bridge)
	p.flag("firewall", n.Firewall)
	p.flag("link_down", n.LinkDown)
	p.number("mtu", n.MTU)
	p.number("tag", n.Tag)
	p.add("trunks", n.Trunks)
	return p.String()
}

func (n *NIC) cloudInitText() string {
	var p property
	p.add("gw", n.Gateway)
	p.add("gw6", n.Gateway6)
	p.add("ip", n.IP)
	p.add("ip6", n.IP6)
	return p.String()
}

func (n *NIC) containerText() string {
	var p property
	p.add("name", n.Name)
	p.add("bridge", n.Bridge)
	p.flag("firewall", n.Firewall)
	p.add("gw", n.Gateway)
	p.add("gw6", n.Gateway6)
	p.add("hwaddr", n.MAC)
	p.add("ip", n.IP)
	p.add("ip6", n.IP6)
	p.flag("link_down", n.LinkDown)
	p.number("mtu", n.MTU)
	p.number("tag", n.Tag)
	p.add("trunks", n.Trunks)
	p.add("type", "veth")
	return p.String()
}

// text renders the drive; number counts the volumes before it.
func (d *Disk) text(g *Guest, number int) string {
	var p property
	switch d.Kind {
	case DiskCDROM:
		p.parts = []string{"none"}
		if d.Storage != "" {
			p.parts[0] = d.Storage + ":" + d.volume("iso/debian-12.iso")
		}
		p.add("media", "cdrom")
	case DiskCloudInit:
		p.parts = []string{d.Storage + ":" + d.volume(fmt.Sprintf("vm-%d-cloudinit", g.VMID))}
		p.add("media", "cdrom")
	case DiskPassthrough, DiskBind:
		p.parts = []string{d.Path}
	default:
		prefix := "vm"
		if g.Template {
			prefix = "base"
		}
		p.parts = []string{d.Storage + ":" + d.volume(fmt.Sprintf("%s-%d-disk-%d", prefix, g.VMID, number))}
	}
	if strings.HasPrefix(d.Slot, "unused") {
		return p.parts[0]
	}
	d.describe(&p, g)
	return p.String()
}

func (d *Disk) volume(fallback string) string {
	if d.Volume != "" {
		return d.Volume
	}
	return fallback
}

// describe adds what follows the volume.
func (d *Disk) describe(p *property, g *Guest) {
	if g.Kind == LXC && d.Slot != "rootfs" {
		mount := d.MountPoint
		if mount == "" {
			mount = "/mnt/" + d.Slot
		}
		p.add("mp", mount)
	}
	if strings.HasPrefix(d.Slot, "efidisk") {
		p.add("efitype", "4m")
	}
	if d.Bytes > 0 && !d.UnknownSize {
		p.add("size", sizeText(d.Bytes))
	}
	if strings.HasPrefix(d.Slot, "tpmstate") {
		p.add("version", "v2.0")
	}
}

// sizeText writes bytes in the largest unit that divides them evenly; bytes
// that are not whole KiB stand without a unit.
func sizeText(bytes int64) string {
	unit := ""
	for _, next := range []string{"K", "M", "G", "T"} {
		if bytes%1024 != 0 {
			break
		}
		bytes /= 1024
		unit = next
	}
	return strconv.FormatInt(bytes, 10) + unit
}
