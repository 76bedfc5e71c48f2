package main

import (
	"cmp"
	"errors"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// configError is what is wrong with the configuration: a line for each problem, which names the entry.
type configError []string

func (e configError) Error() string { return strings.Join(e, "\n") }

// configHelp says where the configuration comes from.
const configHelp = `

The configuration is the file that --config names:

  netbox:
    url: "https://netbox.example.com"
    token: "nbt_…"                      # and ca_file or insecure
  proxmox:
    - name: lab                         # identity: never change it
      urls: ["https://192.0.2.10:8006"]
      token: "netbox@pve!sync=…"        # or username and password; and ca_file, fingerprint or insecure

Without --config, one cluster is configured by the environment: PROXBOX_NETBOX_URL, PROXBOX_NETBOX_TOKEN,
PROXBOX_PROXMOX_NAME, PROXBOX_PROXMOX_URL, PROXBOX_PROXMOX_TOKEN, PROXBOX_PROXMOX_INSECURE.

The exit code is 0 when all is well, 1 when something failed or was stopped, and 2 when the command line or the
configuration is wrong.`

// configuration is what the file holds. Schedules matter to serve alone.
type configuration struct {
	backend.Config `yaml:",inline"`
	Schedules      []schedule `yaml:"schedules"`
}

// check tells what is wrong with what is not the backend's.
func (c configuration) check() error {
	var problems []error
	checkSchedules(c.Schedules, func(path string, err error) {
		problems = append(problems, &backend.ConfigError{Path: path, Err: err})
	})
	return errors.Join(problems...)
}

// configFlag adds the flag that names the configuration file, and says in the help what belongs in it.
func configFlag(cmd *cobra.Command) {
	cmd.Long = cmp.Or(cmd.Long, cmd.Short+".") + configHelp
	cmd.Flags().String("config", "", "configuration `file`; without it the environment is asked")
}

// engine returns the engine that the command's configuration describes.
func engine(cmd *cobra.Command) (*sync.Engine, error) {
	var e *sync.Engine
	err := configure(cmd, func(c configuration) (err error) {
		e, err = backend.New(c.Config, nil)
		return err
	})
	return e, err
}

// served returns the backend that the command's configuration describes, and the schedules in it. It may name nothing:
// the plugin pushes what is missing.
func served(cmd *cobra.Command, o *backend.Options) (b *backend.Backend, schedules []schedule, err error) {
	build := func(c configuration) (err error) {
		c.Proxmox = slices.DeleteFunc(c.Proxmox, func(p backend.Proxmox) bool { return reflect.ValueOf(p).IsZero() })
		schedules = c.Schedules
		b, err = backend.Serve(c.Config, o)
		return err
	}
	if !cmd.Flags().Changed("config") && os.Getenv("PROXBOX_NETBOX_URL") == "" && os.Getenv("PROXBOX_PROXMOX_URL") == "" {
		err = build(configuration{})
	} else {
		err = configure(cmd, build)
	}
	return b, schedules, err
}

// configure hands the command's configuration to build, which may find that something is wrong with it.
func configure(cmd *cobra.Command, build func(configuration) error) error {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	if file != "" || cmd.Flags().Changed("config") {
		return configureFromFile(file, build)
	}
	return configureFromEnvironment(os.Getenv, build)
}

// configureFromEnvironment reads the configuration of one cluster from the environment and hands it to build. What is
// wrong with it is a [configError] that names the variables.
func configureFromEnvironment(env func(string) string, build func(configuration) error) error {
	if env("PROXBOX_NETBOX_URL") == "" && env("PROXBOX_PROXMOX_URL") == "" {
		return errors.New("nothing says where NetBox and Proxmox VE are: name a file with --config, or set PROXBOX_NETBOX_URL, " +
			"PROXBOX_NETBOX_TOKEN, PROXBOX_PROXMOX_NAME, PROXBOX_PROXMOX_URL and PROXBOX_PROXMOX_TOKEN")
	}
	var wrong configError
	insecure := false
	if text := env("PROXBOX_PROXMOX_INSECURE"); text != "" {
		var err error
		if insecure, err = strconv.ParseBool(text); err != nil {
			wrong = append(wrong, "PROXBOX_PROXMOX_INSECURE: it must be true or false")
		}
	}
	var urls []string
	if url := env("PROXBOX_PROXMOX_URL"); url != "" {
		urls = []string{url}
	}
	err := build(configuration{Config: backend.Config{
		NetBox: backend.NetBox{URL: env("PROXBOX_NETBOX_URL"), Token: env("PROXBOX_NETBOX_TOKEN")},
		Proxmox: []backend.Proxmox{{
			Name: env("PROXBOX_PROXMOX_NAME"), URLs: urls, Token: env("PROXBOX_PROXMOX_TOKEN"), Insecure: insecure,
		}},
	}})
	for _, problem := range problems(err) {
		wrong = append(wrong, variable(problem.Path)+": "+problem.Err.Error())
	}
	if len(wrong) > 0 {
		return wrong
	}
	return err
}

// variable returns the name of the environment variable for an entry of the configuration.
func variable(path string) string {
	key := strings.NewReplacer("$.", "", ".urls[0]", "_url", ".urls", "_url", "[0]", "", ".", "_").Replace(path)
	return "PROXBOX_" + strings.ToUpper(key)
}

// problems returns what is wrong with a configuration.
func problems(err error) []*backend.ConfigError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*backend.ConfigError
		for _, one := range joined.Unwrap() {
			all = append(all, problems(one)...)
		}
		return all
	}
	var wrong *backend.ConfigError
	if errors.As(err, &wrong) {
		return []*backend.ConfigError{wrong}
	}
	return nil
}
