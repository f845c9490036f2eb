package logging_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ftphost/ftphost/pkg/logging"
	"github.com/rs/zerolog"
)

func TestJSON(t *testing.T) {
	var out strings.Builder
	log := logging.New(&out, false, zerolog.InfoLevel)
	log.Debug().Msg("not shown")
	log.Info().Str(logging.Site, "Default FTP Site").Int(logging.Status, 230).Msg("logged in")
	var line map[string]any
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if _, err := time.Parse(time.RFC3339, line["time"].(string)); err != nil {
		t.Error(err)
	}
	if line["site"] != "Default FTP Site" || line["status"] != 230.0 || line["message"] != "logged in" || line["level"] != "info" {
		t.Errorf("line %v", line)
	}
}

// What a client typed cannot end a line of the log.
func TestConsole(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	var out strings.Builder
	log := logging.New(&out, true, zerolog.InfoLevel)
	log.Warn().Str(logging.User, "ann\r\nINF faked").Msg("login refused")
	got := out.String()
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, `WRN login refused user="ann\r\nINF faked"`) {
		t.Errorf("console line %q", got)
	}
}
