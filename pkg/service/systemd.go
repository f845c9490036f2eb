package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// unitFolder is where an administrator's units are; they go before those of
// packages.
const unitFolder = "/etc/systemd/system"

func (i *Installation) unitFile() string { return filepath.Join(unitFolder, i.Name+".service") }

func (i *Installation) writeUnit() (where string, err error) {
	path := i.unitFile()
	// systemd reads units only when it is told, so nobody finds half of one.
	if err := os.WriteFile(path, []byte(i.Unit), 0o644); err != nil { //nolint:gosec // units are for everybody to read
		return "", fmt.Errorf("writing the unit (are you root?): %w", err)
	}
	if err := systemctl("daemon-reload"); err != nil {
		return path, err
	}
	return path, systemctl("enable", i.Name+".service")
}

func (i *Installation) removeUnit() error {
	path := i.unitFile()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w by this program: there is no %s; what a package installed is removed with the package, or switched off with: systemctl disable --now %s",
			ErrNotInstalled, path, i.Name)
	}
	if err := systemctl("disable", "--now", i.Name+".service"); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return systemctl("daemon-reload")
}

func systemctl(arguments ...string) error {
	out, err := exec.Command("systemctl", arguments...).CombinedOutput() //nolint:gosec,noctx // arguments are ours
	if err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// SystemdVersion is the version of this machine's systemd; 0 when there is none
// to ask.
func SystemdVersion() int {
	out, err := exec.Command("systemctl", "--version").Output()
	if err != nil {
		return 0
	}
	var version int
	if _, err := fmt.Sscanf(string(out), "systemd %d", &version); err != nil {
		return 0
	}
	return version
}
