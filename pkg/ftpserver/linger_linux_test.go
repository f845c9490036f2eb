package ftpserver_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDownloadSurvivesWhatNobodyReads: a client that says something on the
// data connection of a download gets the whole file nevertheless.
func TestDownloadSurvivesWhatNobodyReads(t *testing.T) {
	s := overTCP(t, "testdata/files.txtar", nil)
	want := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	if err := os.WriteFile(filepath.Join(s.content, "whole.bin"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.session(t)
	c.send("TYPE I\r\n")
	c.expect("200 ")
	c.send("EPSV\r\n")
	var port int
	if _, err := fmt.Sscanf(c.expect("229 "), "229 Entering Extended Passive Mode (|||%d|)", &port); err != nil {
		t.Fatal(err)
	}
	data, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if _, err := data.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	c.send("RETR whole.bin\r\n")
	c.expect("125 ")
	time.Sleep(100 * time.Millisecond) // all is sent by then, and the buffers are full
	got, err := io.ReadAll(data)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d came, and %v", len(got), len(want), err)
	}
	data.Close()
	c.expect("226 ")
}
