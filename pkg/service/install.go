package service

import (
	"errors"
	"fmt"

	"github.com/kardianos/service"
)

// Installation is the program as a service of this machine.
type Installation struct {
	// Name is what the machine calls the service, DisplayName and Description
	// what people read.
	Name, DisplayName, Description string
	// Executable and Arguments are the command line, with absolute paths.
	Executable string
	Arguments  []string
	// User runs it; "" is the machine's usual one for services. Windows wants a
	// password for most, which it is not given here.
	User string
	// Unit is the text of the unit file where systemd is the service manager.
	Unit string
}

// ErrNotInstalled is returned where the service would have to be installed.
var ErrNotInstalled = errors.New("the service is not installed")

// Systemd reports whether systemd is the service manager of this machine.
func Systemd() bool { return service.Platform() == "linux-systemd" }

// Install enters the service so that it starts with the machine, and returns
// where it is written. One that is there already is replaced under systemd, and
// elsewhere an error.
func (i *Installation) Install() (where string, err error) {
	if Systemd() {
		return i.writeUnit()
	}
	s, err := i.open()
	if err != nil {
		return "", err
	}
	if err := s.Install(); err != nil {
		return "", fmt.Errorf("installing the service: %w", err)
	}
	return s.Platform(), nil
}

// Uninstall stops the service and removes what Install made.
func (i *Installation) Uninstall() error {
	if Systemd() {
		return i.removeUnit()
	}
	s, err := i.open()
	if err != nil {
		return err
	}
	if status, err := s.Status(); err == nil && status == service.StatusRunning {
		if err := s.Stop(); err != nil {
			return fmt.Errorf("stopping the service: %w", err)
		}
	}
	if err := s.Uninstall(); err != nil {
		return fmt.Errorf("removing the service: %w", err)
	}
	return nil
}

// Start starts the service, Stop stops it.
func (i *Installation) Start() error { return i.do(service.Service.Start, "starting") }

// Stop stops the service and waits for it.
func (i *Installation) Stop() error { return i.do(service.Service.Stop, "stopping") }

func (i *Installation) do(what func(service.Service) error, doing string) error {
	s, err := i.open()
	if err != nil {
		return err
	}
	if err := what(s); err != nil {
		return fmt.Errorf("%s the service: %w", doing, err)
	}
	return nil
}

// Running reports whether the service runs. The error is ErrNotInstalled when
// the machine does not know it.
func (i *Installation) Running() (bool, error) {
	s, err := i.open()
	if err != nil {
		return false, err
	}
	status, err := s.Status()
	switch {
	case errors.Is(err, service.ErrNotInstalled):
		return false, ErrNotInstalled
	case err != nil:
		return false, fmt.Errorf("asking for the service: %w", err)
	default:
		return status == service.StatusRunning, nil
	}
}

func (i *Installation) open() (service.Service, error) {
	s, err := service.New(nothing{}, &service.Config{
		Name: i.Name, DisplayName: i.DisplayName, Description: i.Description,
		Executable: i.Executable, Arguments: i.Arguments, UserName: i.User,
		Option: service.KeyValue{
			"RunAtLoad": true,         // launchd: with the machine, not only when asked
			"OnFailure": "restart",    // Windows
			"Restart":   "on-failure", // others with a word for it
			"LogOutput": true,         // launchd has no journal
		},
	})
	if err != nil {
		return nil, fmt.Errorf("no service manager of this machine is known: %w", err)
	}
	return s, nil
}

// nothing stands for the program: it runs in another process.
type nothing struct{}

func (nothing) Start(service.Service) error { return nil }
func (nothing) Stop(service.Service) error  { return nil }
