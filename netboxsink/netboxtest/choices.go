package netboxtest

import "strings"

// choices reads "value=Label; value=Label"; a value without label is its own
// label with a capital.
func choices(list string) []choice {
	var found []choice
	for item := range strings.SplitSeq(list, ";") {
		value, label, labelled := strings.Cut(strings.TrimSpace(item), "=")
		if !labelled {
			label = strings.ToUpper(value[:1]) + value[1:]
		}
		found = append(found, choice{value, label})
	}
	return found
}

const (
	siteStatuses    = "planned; staging; active; decommissioning; retired"
	clusterStatuses = "planned; staging; active; decommissioning; offline"
	machineStatuses = "offline; active; planned; staged; failed; decommissioning; paused"
	deviceStatuses  = "offline; active; planned; staged; failed; inventory; decommissioning"
	addressStatuses = "active; reserved; deprecated; dhcp=DHCP; slaac=SLAAC"
	addressRoles    = "loopback; secondary; anycast; vip=VIP; vrrp=VRRP; hsrp=HSRP; glbp=GLBP; carp=CARP"
	prefixStatuses  = "container; active; reserved; deprecated"
	vlanStatuses    = "active; reserved; deprecated"
	interfaceModes  = "access; tagged; tagged-all=Tagged (All); q-in-q=Q-in-Q (802.1ad)"
	airflows        = "front-to-rear=Front to rear; rear-to-front=Rear to front; left-to-right=Left to right; " +
		"right-to-left=Right to left; side-to-rear=Side to rear; rear-to-side=Rear to side; " +
		"bottom-to-top=Bottom to top; top-to-bottom=Top to bottom; passive; mixed"
	customFieldTypes = "text; longtext=Text (long); integer; decimal; boolean; date; datetime=Date & time; url=URL; " +
		"json=JSON; select=Selection; multiselect=Multiple selection; object; multiobject=Multiple objects"
)
