package safehttp_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"lectern/internal/safehttp"
)

func TestBlocked(t *testing.T) {
	names := map[string][]netip.Addr{
		"lms.test":    {netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::5")},
		"public.test": {netip.MustParseAddr("93.184.216.34")},
	}
	o := safehttp.Options{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) { return names[host], nil }}
	for _, tt := range []struct {
		url  string
		want []string // networks
		fail bool     // no network would help
	}{
		{"https://lms.test/grades", []string{"10.1.2.3/32", "fd00::5/128"}, false},
		{"http://public.test/grades", []string{"93.184.216.34/32"}, false},
		{"https://public.test/grades", nil, false},
		{"https://192.168.0.9:8443/", []string{"192.168.0.9/32"}, false},
		{"gopher://lms.test/", nil, true},
		{"https://user@lms.test/", nil, true},
		{"https://unknown.test/", nil, true},
	} {
		got, err := o.Blocked(t.Context(), tt.url)
		words := []string{}
		for _, p := range got {
			words = append(words, p.String())
		}
		if (err != nil) != tt.fail || !slices.Equal(words, append([]string{}, tt.want...)) {
			t.Errorf("%s: %v, %v; want %v, failure %v", tt.url, words, err, tt.want, tt.fail)
		}
		admitted := o
		admitted.Also = func() []netip.Prefix { return got }
		if err := admitted.CheckHost(t.Context(), tt.url); !tt.fail && err != nil {
			t.Errorf("%s: still refused once admitted: %v", tt.url, err)
		}
	}
}
