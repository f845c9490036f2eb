package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ftphost/ftphost/pkg/apphost"
)

func newConfigCommand(home *homeFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Look at the configuration",
		Example: "  ftphost config show --site ftpsite01.com --path /test.txt --origin",
		Args:    usage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigShowCommand(home))
	return cmd
}

// showOptions say what config show prints.
type showOptions struct {
	site, path, section string
	origin, asJSON      bool
}

func newConfigShowCommand(home *homeFlags) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print effective values, and where each one comes from",
		Long: "show prints the values in force for a site and a path below it, one a line, after\n" +
			"defaults, inheritance and collection directives have had their say.",
		Example: "  ftphost config show --site ftpsite01.com --origin\n" +
			"  ftphost config show --site ftpsite01.com --path /test.txt --section system.ftpServer/security/authorization --origin\n" +
			"  ftphost config show --section system.ftpServer/firewallSupport --json",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, problems := home.home().Load()
			printProblems(cmd.ErrOrStderr(), problems)
			if cfg == nil {
				return errors.New("the configuration has errors; nothing is in force")
			}
			values, err := effective(cfg, o)
			if err != nil {
				return err
			}
			return printValues(cmd.OutOrStdout(), values, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.site, "site", "", "site name; without it the server level is shown")
	flags.StringVar(&o.path, "path", "/", "virtual path below the site")
	flags.StringVar(&o.section, "section", "", "one section only, for example system.ftpServer/security/authorization")
	flags.BoolVar(&o.origin, "origin", false, "print the file:line:col each value comes from, or default")
	flags.BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// value is one effective value.
type value struct {
	Path   string `json:"path"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// effective collects what show prints.
func effective(cfg *apphost.Configuration, o showOptions) ([]value, error) {
	site, err := findSite(cfg, o.site)
	if err != nil {
		return nil, err
	}
	var values []value
	for _, s := range cfg.Schema().Sections() {
		if o.section != "" && !strings.EqualFold(o.section, s.Path) {
			continue
		}
		location := ""
		if o.site != "" && !s.ServerOnly {
			location = o.site + "/" + strings.Trim(o.path, "/")
		}
		switch {
		case s.Path == sitesSection && site != nil:
			values = appendValues(values, s.Path+"/site", site)
		case s.Path == sitesSection && o.site == "" && o.section == "":
			// Every site with every value would bury the rest.
		default:
			values = appendValues(values, s.Path, cfg.Section(s.Path, location))
		}
	}
	if len(values) == 0 && o.section != "" {
		return nil, fmt.Errorf("no section %q; the sections are listed in docs/configuration.md", o.section)
	}
	return values, nil
}

const sitesSection = "system.applicationHost/sites"

func findSite(cfg *apphost.Configuration, name string) (*apphost.Element, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no site asked for
	}
	var names []string
	for _, e := range cfg.Section(sitesSection, "").Entries() {
		if strings.EqualFold(e.Attr("name").Text, name) {
			return e, nil
		}
		names = append(names, e.Attr("name").Text)
	}
	return nil, fmt.Errorf("there is no site %q; the sites are: %s", name, strings.Join(names, ", "))
}

// appendValues walks an element: its attributes, its child elements, the
// entries of its collection.
func appendValues(values []value, path string, e *apphost.Element) []value {
	for _, a := range e.Schema().Attributes {
		if a.Runtime {
			continue
		}
		v := e.Attr(a.Name)
		text := v.Text
		if v.Encrypted() {
			text = "[encrypted]"
		}
		values = append(values, value{path + "/@" + a.Name, text, v.Origin()})
	}
	for _, child := range e.Schema().Elements {
		values = appendValues(values, path+"/"+child.Name, e.Child(child.Name))
	}
	for i, entry := range e.Entries() {
		values = appendValues(values, fmt.Sprintf("%s/%s[%d]", path, entry.Schema().Name, i+1), entry)
	}
	return values
}

func printValues(w io.Writer, values []value, o showOptions) error {
	if o.asJSON {
		return json.NewEncoder(w).Encode(values)
	}
	for _, v := range values {
		line := v.Path + " = " + v.Value
		if o.origin {
			line += "\t" + v.Origin
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
