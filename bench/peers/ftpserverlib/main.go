// Command ftpserverlib is a minimal server around the library of that name:
// one account, one folder, a line in a log for each transfer.
//
//	ftpserverlib ADDRESS FOLDER USER PASSWORD LOG PEM
package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"
)

func main() {
	if len(os.Args) != 7 {
		log.Fatal("needs ADDRESS FOLDER USER PASSWORD LOG and PEM, which may be empty")
	}
	f, err := os.OpenFile(os.Args[5], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	d := &driver{address: os.Args[1], folder: os.Args[2], user: os.Args[3], password: os.Args[4], log: log.New(f, "", log.LstdFlags|log.LUTC)}
	if pem := os.Args[6]; pem != "" {
		pair, err := tls.LoadX509KeyPair(pem, pem)
		if err != nil {
			log.Fatal(err)
		}
		d.tls = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	log.Fatal(ftpserver.NewFtpServer(d).ListenAndServe())
}

type driver struct {
	address, folder, user, password string
	log                             *log.Logger
	tls                             *tls.Config // nil: none
}

func (d *driver) GetSettings() (*ftpserver.Settings, error) {
	return &ftpserver.Settings{ListenAddr: d.address, IdleTimeout: 600, DefaultTransferType: ftpserver.TransferTypeBinary}, nil
}

func (d *driver) ClientConnected(ftpserver.ClientContext) (string, error) { return "ready", nil }
func (d *driver) ClientDisconnected(ftpserver.ClientContext)              {}

func (d *driver) GetTLSConfig() (*tls.Config, error) {
	if d.tls == nil {
		return nil, errors.New("no TLS here")
	}
	return d.tls, nil
}

func (d *driver) AuthUser(cc ftpserver.ClientContext, user, password string) (ftpserver.ClientDriver, error) {
	if user != d.user || password != d.password {
		return nil, errors.New("wrong user or password")
	}
	return &client{Fs: afero.NewBasePathFs(afero.NewOsFs(), d.folder), driver: d, remote: cc.RemoteAddr().String()}, nil
}

type client struct {
	afero.Fs
	*driver
	remote string
}

// GetHandle opens the file itself, so that the kernel can copy it.
func (c *client) GetHandle(name string, flags int, offset int64) (ftpserver.FileTransfer, error) {
	f, err := os.OpenFile(filepath.Join(c.folder, filepath.FromSlash(filepath.Clean("/"+name))), flags, 0o644)
	if err == nil && offset > 0 {
		_, err = f.Seek(offset, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return &transfer{File: f, client: c, name: name}, nil
}

type transfer struct {
	*os.File
	client *client
	name   string
}

func (t *transfer) Close() error {
	t.client.log.Print(t.client.remote, " ", t.client.user, " ", t.name)
	return t.File.Close()
}
