package backend_test

// What stands in NetBox for nodes, read back over its API in the shape of the expectation.

type apiDevice struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Status struct {
		Value string `json:"value"`
	} `json:"status"`
	Role       *named `json:"role"`
	DeviceType struct {
		Slug string `json:"slug"`
	} `json:"device_type"`
	Cluster      *named  `json:"cluster"`
	Site         *named  `json:"site"`
	Platform     *named  `json:"platform"`
	Description  string  `json:"description"`
	PrimaryIP4   *apiIP  `json:"primary_ip4"`
	PrimaryIP6   *apiIP  `json:"primary_ip6"`
	Tags         []named `json:"tags"`
	CustomFields struct {
		Source string `json:"proxbox_source"`
		wantNodeCustom
	} `json:"custom_fields"`
}

type apiPort struct {
	apiInterface
	Device named `json:"device"`
	Type   struct {
		Value string `json:"value"`
	} `json:"type"`
	LAG    *named `json:"lag"`
	Bridge *named `json:"bridge"`
}

// foundNodes returns the devices of a source by name.
func foundNodes(b *box, source string) map[string]wantNode {
	have, names := map[string]wantNode{}, map[int]string{}
	for _, d := range read[apiDevice](b, "/api/dcim/devices/") {
		if d.CustomFields.Source != source {
			continue
		}
		names[d.ID] = d.Name
		have[d.Name] = wantNode{
			Status: d.Status.Value, Role: slugOf(d.Role), Type: d.DeviceType.Slug, Cluster: nameOf(d.Cluster), Site: nameOf(d.Site),
			Platform: nameOf(d.Platform), Description: d.Description, Tags: slugsOf(d.Tags),
			PrimaryIP4: addressOf(d.PrimaryIP4), PrimaryIP6: addressOf(d.PrimaryIP6), Custom: d.CustomFields.wantNodeCustom,
			Interfaces: map[string]wantPort{},
		}
	}
	on := addressesOn(b, "dcim.interface")
	for _, i := range read[apiPort](b, "/api/dcim/interfaces/") {
		if name, ours := names[i.Device.ID]; ours {
			have[name].Interfaces[i.Name] = wantPort{
				wantInterface: i.asWanted(on), Type: i.Type.Value, LAG: nameOf(i.LAG), Bridge: nameOf(i.Bridge),
			}
		}
	}
	return have
}
