package ftpserver

import (
	"context"
	"strconv"
	"strings"

	"github.com/ftphost/ftphost/pkg/ftp"
)

// typ sets the transfer type. ASCII and image move the same bytes, because
// the files' line ends already are the network's.
func (s *session) typ(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	switch code := strings.ToUpper(cmd.Arg); code {
	case "A", "A N":
		s.params.binary = false
		return reply(200, "Type set to A."), nil
	case "I", "L 8":
		s.params.binary = true
		return reply(200, "Type set to "+code+"."), nil
	default:
		return ftp.Reply{}, errParameterValue
	}
}

// stru knows the file structure, which everything has.
func (s *session) stru(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if !strings.EqualFold(cmd.Arg, "F") {
		return ftp.Reply{}, errParameterValue
	}
	return reply(200, "STRU F ok."), nil // unseen
}

// mode knows the stream mode.
func (s *session) mode(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	if !strings.EqualFold(cmd.Arg, "S") {
		return ftp.Reply{}, errParameterValue
	}
	return reply(200, "MODE S ok."), nil // unseen
}

// allo needs nothing done: space is not reserved.
func (s *session) allo(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	size, _, _ := strings.Cut(cmd.Arg, " ") // a record size may follow: "ALLO 5 R 2"
	if _, err := parseCount(size); err != nil {
		return ftp.Reply{}, err
	}
	return successful(200, cmd.Verb), nil // unseen
}

// rest sets where the next RETR or STOR begins.
func (s *session) rest(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	offset, err := parseCount(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	s.params.span = span{from: offset}
	return reply(350, textRestarting(offset)), nil
}

// rang sets which bytes the next RETR or HASH is about.
func (s *session) rang(_ context.Context, cmd ftp.Command) (ftp.Reply, error) {
	wanted, err := parseRange(cmd.Arg)
	if err != nil {
		return ftp.Reply{}, err
	}
	s.params.span = wanted
	if wanted.to == 0 {
		return reply(350, textRestarting(0)), nil
	}
	return reply(350, textRange(wanted)), nil
}

// parseCount reads a decimal number of bytes, digits only.
func parseCount(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errArgument
	}
	return int64(n), nil //nolint:gosec // 63 bits, see above
}
