package ftpserver

import (
	"context"
	"slices"
	"strings"

	"github.com/ftphost/ftphost/pkg/ftp"
)

func (s *session) syst(context.Context, ftp.Command) (ftp.Reply, error) {
	return reply(215, textSystem), nil
}

func (s *session) noop(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return successful(200, cmd.Verb), nil // unseen
}

// clnt hears what the client is; nothing depends on it.
func (s *session) clnt(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	return successful(200, cmd.Verb), nil
}

// feat lists the extensions as IIS does, whether or not this site can use TLS,
// and those of the feature set Extended.
func (s *session) feat(context.Context, ftp.Command) (ftp.Reply, error) {
	utf8 := s.site == nil || s.site.AllowUTF8
	extended := s.extended()
	lines := []string{textFeatures}
	add := func(line string) {
		if line != "" {
			lines = append(lines, " "+line)
		}
	}
	for _, row := range commands() {
		if row.extended && !extended || row.utf8 && !utf8 {
			continue
		}
		add(row.feat)
		if row.feature != nil && extended {
			add(row.feature(s))
		}
	}
	return block(211, lines, textEnd), nil
}

// help lists the verbs, or explains one, which it names as it was typed.
func (s *session) help(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if cmd.Arg == "" {
		return block(214, append([]string{textHelp}, s.verbs()...), "HELP command successful."), nil
	}
	row := s.row(strings.ToUpper(cmd.Arg))
	if row == nil {
		return ftp.Reply{}, errArgument
	}
	text := "Syntax: " + cmd.Arg
	if row.syntax != "" {
		text += " " + row.syntax
	}
	help := row.help
	if row.unimplemented {
		help = "unimplemented"
	}
	return reply(214, text+" - ("+help+")"), nil
}

// verbs are the lines of HELP, in alphabetical order.
func (s *session) verbs() []string {
	lines := make([]string, 0, len(s.server.commands))
	for verb := range s.server.commands {
		row := s.row(verb)
		if row == nil {
			continue
		}
		line := "    " + verb
		if row.unimplemented {
			line += " *"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// opts sets an option of a command.
func (s *session) opts(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	option, value, _ := strings.Cut(cmd.Arg, " ")
	switch option = strings.ToUpper(option); {
	case option == "UTF8":
		return s.optsUTF8(value)
	case option == "MLST" && s.extended():
		return s.optsMLST(value)
	case option == "HASH" && s.extended():
		return s.optsHASH(value)
	default:
		return ftp.Reply{}, errOption
	}
}

// optsUTF8 turns the site's code page off and on again. Without one, names are
// UTF-8 all the time and only the answer matters, for which clients wait.
func (s *session) optsUTF8(value string) (ftp.Reply, error) {
	if s.site != nil && !s.site.AllowUTF8 {
		return ftp.Reply{}, errOption
	}
	switch strings.ToUpper(value) {
	case "ON", "":
		s.params.utf8 = true
		return reply(200, textUTF8+"ON."), nil
	case "OFF":
		s.params.utf8 = false
		return reply(200, textUTF8+"OFF."), nil
	default:
		return ftp.Reply{}, errOption
	}
}

// lang knows English in all its regions.
func (s *session) lang(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	language, _, _ := strings.Cut(strings.ToUpper(cmd.Arg), "-")
	if language != "" && language != "EN" {
		return ftp.Reply{}, errParameterValue
	}
	return successful(200, cmd.Verb), nil
}
