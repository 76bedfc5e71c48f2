package proxmoxsrc

import (
	"regexp"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

var (
	machineDisks   = regexp.MustCompile(`^(ide|sata|scsi|virtio|efidisk|tpmstate)\d+$`)
	containerDisks = regexp.MustCompile(`^(rootfs|mp\d+)$`)
	// cloudInitDrive is what qemu-server takes for one.
	cloudInitDrive = regexp.MustCompile(`[:/](vm-\d+-)?cloudinit(\.\w+)?$`)
)

// parseMachineDisk reads a drive of a virtual machine; ok is false for what is no disk: a CD-ROM, a cloud-init drive.
func parseMachineDisk(key, value string) (disk inventory.Disk, ok bool) {
	parts := parseProperties(value, "file")
	volume := parts.get("file")
	if parts.get("media") == "cdrom" || volume == "" || volume == "none" || volume == "cdrom" ||
		cloudInitDrive.MatchString(volume) {
		return inventory.Disk{}, false
	}
	return newDisk(key, volume, parts.get("size")), true
}

// parseContainerDisk reads a volume of a container; ok is false for a directory of the node that is only mounted.
func parseContainerDisk(key, value string) (disk inventory.Disk, ok bool) {
	parts := parseProperties(value, "volume")
	volume := parts.get("volume")
	if volume == "" || strings.HasPrefix(volume, "/") && !strings.HasPrefix(volume, "/dev/") {
		return inventory.Disk{}, false
	}
	return newDisk(key, volume, parts.get("size")), true
}

func newDisk(key, volume, size string) inventory.Disk {
	disk := inventory.Disk{Key: key, Volume: volume}
	if storage, name, _ := strings.Cut(volume, ":"); storage != "" && name != "" && !strings.HasPrefix(volume, "/") {
		disk.Storage, disk.Volume = storage, name
	}
	disk.Bytes, disk.Known = parseSize(size)
	return disk
}
