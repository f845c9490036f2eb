package ftpserver

import (
	"github.com/ftphost/ftphost/pkg/codepage"
	"github.com/ftphost/ftphost/pkg/ftp"
)

// page is what names and texts of the session are written in: the site's code
// page until the client asks for UTF-8. IIS does the same with the code page of
// its machine.
func (s *session) page() codepage.Page {
	if s.site == nil || s.params.utf8 {
		return codepage.UTF8
	}
	return s.site.Protocol.LegacyCodePage
}

// appendReply appends the bytes of a reply in the session's encoding.
func (s *session) appendReply(dst []byte, r ftp.Reply) []byte {
	page := s.page()
	if page == codepage.UTF8 {
		return r.AppendTo(dst)
	}
	lines := make([]string, 0, len(r.Lines))
	for _, line := range r.Lines {
		lines = append(lines, page.Encode(line))
	}
	r.Lines, r.Text = lines, page.Encode(r.Text)
	return r.AppendTo(dst)
}
