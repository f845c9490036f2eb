package admin_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// numbers fetches /metrics, has it read by a parser of Prometheus's and returns
// the values by name and labels, as name{label="value"}.
func (i *inn) numbers() map[string]float64 {
	i.t.Helper()
	_, text := i.ask("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		i.t.Fatalf("%v\n%s", err, text)
	}
	values := map[string]float64{}
	for name, family := range families {
		if strings.HasPrefix(name, "ftphost_") && family.GetHelp() == "" {
			i.t.Errorf("%s does not say what it is", name)
		}
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			slices.Sort(labels)
			key := name
			if len(labels) > 0 {
				key += "{" + strings.Join(labels, ",") + "}"
			}
			values[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return values
}

// until waits for numbers, which are counted a moment after the reply.
func (i *inn) until(want map[string]float64) map[string]float64 {
	i.t.Helper()
	var got map[string]float64
	wrong := func() (list []string) {
		got = i.numbers()
		for key, value := range want {
			if v, there := got[key]; !there || v != value {
				list = append(list, fmt.Sprintf("%s is %v, want %v", key, v, value))
			}
		}
		slices.Sort(list)
		return list
	}
	var last []string
	defer func() {
		if i.t.Failed() {
			i.t.Log(strings.Join(last, "\n"))
		}
	}()
	eventually(i.t, "the numbers", func() bool { last = wrong(); return len(last) == 0 })
	return got
}

func TestNumbersAreWhatClientsDid(t *testing.T) {
	i := open(t, `<metrics users="1" />`)
	for key := range i.numbers() {
		if strings.HasPrefix(key, "ftphost_user_") || strings.HasPrefix(key, "ftphost_refusals_total") {
			t.Errorf("%s before anybody came", key)
		}
	}
	g := login(t, i.one, "user1", secret)
	down := g.transfer("RETR small.txt")
	if data, err := io.ReadAll(down); err != nil || len(data) != 100 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	g.expect("226 ")
	up := g.transfer("STOR up.txt")
	if _, err := io.WriteString(up, "1234567"); err != nil {
		t.Fatal(err)
	}
	up.Close()
	g.expect("226 ")
	g.say("SIZE none.txt", "550 ")
	anonymous := login(t, i.one, "anonymous", "x")
	wrong := visit(t, i.one)
	wrong.say("USER user1", "331 ")
	wrong.say("PASS wrong", "530 ")
	wrong.say("QUIT", "221 ")
	user := ""
	for key := range i.numbers() {
		if rest, found := strings.CutPrefix(key, `ftphost_user_logins_total{site="one",user="`); found && !strings.HasPrefix(rest, "other") {
			user = strings.TrimSuffix(rest, `"}`)
		}
	}
	if !strings.HasSuffix(user, `\user1`) {
		t.Errorf("user1 is called %q", user)
	}
	of := func(name, labels, user string) string {
		return fmt.Sprintf(`ftphost_user_%s{%ssite="one",user="%s"}`, name, labels, user)
	}
	got := i.until(map[string]float64{
		`ftphost_connections{site="one"}`:                           2,
		`ftphost_connections_max{site="one"}`:                       3,
		`ftphost_connections_total{site="one"}`:                     3,
		`ftphost_connections_total{site="two"}`:                     0,
		`ftphost_users{kind="named",site="one"}`:                    1,
		`ftphost_users{kind="anonymous",site="one"}`:                1,
		`ftphost_users_max{kind="named",site="one"}`:                1,
		`ftphost_logins_total{kind="named",site="one"}`:             1,
		`ftphost_logins_total{kind="anonymous",site="one"}`:         1,
		`ftphost_logon_attempts_total{site="one"}`:                  3,
		`ftphost_logon_failures_total{site="one"}`:                  1,
		`ftphost_files_total{direction="sent",site="one"}`:          1,
		`ftphost_files_total{direction="received",site="one"}`:      1,
		`ftphost_data_bytes_total{direction="sent",site="one"}`:     100,
		`ftphost_data_bytes_total{direction="received",site="one"}`: 7,
		`ftphost_refusals_total{site="one",substatus="41"}`:         1,
		`ftphost_site_started{site="one"}`:                          1,
		`ftphost_site_started{site="two"}`:                          1,
		`ftphost_config_generation`:                                 1,
		`ftphost_config_last_reload_success`:                        1,
		`ftphost_config_reloads_total{result="applied"}`:            0,
		`ftphost_turned_away_total{reason="blocked"}`:               0,
		`ftphost_bans`:                                        0,
		of("logins_total", "", user):                          1,
		of("files_total", `direction="sent",`, user):          1,
		of("files_total", `direction="received",`, user):      1,
		of("data_bytes_total", `direction="sent",`, user):     100,
		of("data_bytes_total", `direction="received",`, user): 7,
		of("logins_total", "", "other"):                       1, // the anonymous one came second
		of("data_bytes_total", `direction="sent",`, "other"):  0,
	})
	for _, key := range []string{"ftphost_start_time_seconds", "ftphost_config_last_reload_seconds", "go_goroutines"} {
		if got[key] <= 0 {
			t.Errorf("%s is %v", key, got[key])
		}
	}
	g.say("QUIT", "221 ")
	anonymous.say("QUIT", "221 ")
	i.rewrite(`id="2"`, `id="two"`)
	i.reload("refused")
	i.until(map[string]float64{
		`ftphost_connections{site="one"}`:                0,
		`ftphost_config_last_reload_success`:             0,
		`ftphost_config_reloads_total{result="refused"}`: 1,
	})
}

func TestNumbersOfUsersAreAskedFor(t *testing.T) {
	i := open(t, "")
	g := login(t, i.one, "user1", secret)
	i.until(map[string]float64{`ftphost_users{kind="named",site="one"}`: 1})
	for key := range i.numbers() {
		if strings.HasPrefix(key, "ftphost_user_") {
			t.Errorf("%s is there, though nobody asked for it", key)
		}
	}
	g.say("QUIT", "221 ")
	// Whoever logs in after it was asked for is counted, on the same site.
	i.own(`<metrics users="5" />`)
	i.reload("applied")
	login(t, i.one, "anonymous", "x")
	i.until(map[string]float64{
		`ftphost_user_logins_total{site="one",user="<Anonymous>"}`: 1,
		`ftphost_logins_total{kind="named",site="one"}`:            1, // what was counted before
	})
}
