package server

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// located is a backend that knows a NetBox.
type located struct {
	Backend
	url string
}

func (l located) NetBoxURL() string { return l.url }

func TestListensToTheBackendsNetBox(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://netbox.example/sub/path": true, "http://NetBox.example:8000": true, "https://other.example": false, "": false, ":": false,
	} {
		s := &Server{backend: located{url: url}, rows: &rows{}}
		assert.Equal(t, want, s.listens("https://netbox.example"), url)
	}
}

func TestListens(t *testing.T) {
	t.Parallel()
	pushed := &NetBoxEndpoint{Domain: "NetBox.example", IPAddress: "192.0.2.5/24", Port: 443}
	for name, c := range map[string]struct {
		origins []string
		netbox  *NetBoxEndpoint
		origin  string
		want    bool
	}{
		"nothing is known":               {nil, nil, "https://netbox.example", false},
		"the pushed NetBox":              {nil, pushed, "https://netbox.example", true},
		"… on another port":              {nil, pushed, "http://netbox.example:8000", true},
		"… in other letters":             {nil, pushed, "https://NETBOX.example", true},
		"… by its address":               {nil, pushed, "http://192.0.2.5:8080", true},
		"another host":                   {nil, pushed, "https://example", false},
		"a host below it":                {nil, pushed, "https://evil.netbox.example", false},
		"a host that ends like it":       {nil, pushed, "https://netbox.example.evil.test", false},
		"its name as a user":             {nil, pushed, "https://netbox.example@evil.test", false},
		"no origin":                      {nil, pushed, "null", false},
		"a file":                         {nil, &NetBoxEndpoint{}, "file://", false},
		"a NetBox without a host":        {nil, &NetBoxEndpoint{}, "https://netbox.example", false},
		"IPv6":                           {nil, &NetBoxEndpoint{IPAddress: "2001:db8::5"}, "https://[2001:db8::5]:8443", true},
		"what is no URL":                 {nil, pushed, "https://netbox.example:x", false},
		"an option, any scheme and port": {[]string{"netbox.example"}, nil, "http://netbox.example:8000", true},
		"… in other letters, too":        {[]string{"NetBox.example"}, nil, "http://netbox.example", true},
		"an option with a port":          {[]string{"netbox.example:8000"}, nil, "http://netbox.example:8000", true},
		"… is not another port":          {[]string{"netbox.example:8000"}, nil, "http://netbox.example:8001", false},
		"an option with a scheme":        {[]string{"https://netbox.example"}, nil, "https://netbox.example:8000", true},
		"… is not another scheme":        {[]string{"https://netbox.example"}, nil, "http://netbox.example", false},
		"an option with a pattern":       {[]string{"*.example"}, nil, "https://netbox.example", true},
		"an option beside the pushed":    {[]string{"other.example"}, pushed, "https://netbox.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var pushed keptRows
			if c.netbox != nil {
				pushed.NetBox = &keptNetBox{NetBoxEndpoint: *c.netbox}
			}
			s := &Server{options: Options{Origins: c.origins}, rows: &rows{kept: pushed}}
			assert.Equal(t, c.want, s.listens(c.origin))
		})
	}
}
