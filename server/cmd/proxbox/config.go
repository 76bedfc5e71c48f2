package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// environment is what one cluster can be configured by without a file.
const environment = `PROXBOX_NETBOX_URL, PROXBOX_NETBOX_TOKEN, PROXBOX_PROXMOX_NAME, PROXBOX_PROXMOX_URL,
PROXBOX_PROXMOX_TOKEN and PROXBOX_PROXMOX_INSECURE`

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

// configFlag adds the flag that names the configuration file.
func configFlag(cmd *cobra.Command) {
	cmd.Flags().String("config", "", "configuration file; without it the environment is asked: "+strings.ReplaceAll(environment, "\n", " "))
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
	if file == "" {
		return configureFromEnvironment(os.Getenv, build)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return configureFromFile(file, text, build)
}

// configureFromFile reads a configuration. What is wrong with it is told with the key and the line.
func configureFromFile(name string, text []byte, build func(configuration) error) error {
	var config configuration
	if err := yaml.UnmarshalWithOptions(text, &config, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", name, readable(err))
	}
	if err := errors.Join(append(flatten(config.check()), flatten(build(config))...)...); err != nil {
		return located(name, text, err)
	}
	return nil
}

// readable returns a YAML error without a copy of the lines around it, which may hold a token.
func readable(err error) error {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return errors.New("is not YAML as expected")
	}
	if token := syntax.GetToken(); token != nil {
		return fmt.Errorf("line %d: %s", token.Position.Line, syntax.GetMessage())
	}
	return errors.New(syntax.GetMessage())
}

// located adds to each wrong entry the line that it stands on.
func located(name string, text []byte, err error) error {
	var problems []error
	for _, one := range flatten(err) {
		var wrong *backend.ConfigError
		if !errors.As(one, &wrong) {
			problems = append(problems, one)
			continue
		}
		key := strings.TrimPrefix(strings.TrimPrefix(wrong.Path, "$"), ".")
		problems = append(problems, fmt.Errorf("%s: line %d: %s: %w", name, line(text, wrong.Path), key, wrong.Err))
	}
	return errors.Join(problems...)
}

// flatten returns the errors that were joined.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// line returns the line of an entry; of one that is missing, that of what it is missing in.
func line(text []byte, path string) int {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return 1
	}
	for path != "$" && path != "" {
		if at, err := yaml.PathString(path); err == nil {
			if node, err := at.FilterFile(file); err == nil && node != nil {
				return node.GetToken().Position.Line
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// configureFromEnvironment reads the configuration of one cluster from the environment.
func configureFromEnvironment(env func(string) string, build func(configuration) error) error {
	if env("PROXBOX_NETBOX_URL") == "" && env("PROXBOX_PROXMOX_URL") == "" {
		return fmt.Errorf("nothing says where NetBox and Proxmox VE are: give --config, or set %s", environment)
	}
	insecure := false
	if text := env("PROXBOX_PROXMOX_INSECURE"); text != "" {
		var err error
		if insecure, err = strconv.ParseBool(text); err != nil {
			return errors.New("PROXBOX_PROXMOX_INSECURE must be true or false")
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
	var problems []error
	for _, one := range flatten(err) {
		var wrong *backend.ConfigError
		if errors.As(one, &wrong) {
			key := strings.NewReplacer("$.", "", "[0]", "", ".urls", ".url", ".", "_").Replace(wrong.Path)
			one = fmt.Errorf("PROXBOX_%s: %w", strings.ToUpper(key), wrong.Err)
		}
		problems = append(problems, one)
	}
	return errors.Join(problems...)
}
