package safehttp

import (
	"context"
	"net/netip"
)

// Blocked looks the host of raw up and returns the addresses, each as a network
// of its own, that keep it from being called: what to add to Allow. It returns
// none when the address can be called, or when no network would help, which
// the error then says.
func (o Options) Blocked(ctx context.Context, raw string) ([]netip.Prefix, error) {
	open := o
	open.Allow, open.Also = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, nil
	u, err := newGuard(open).checkURL(raw)
	if err != nil {
		return nil, err
	}
	g := newGuard(open)
	ips, err := g.admitted(ctx, u.Hostname(), port(u), func(netip.Addr, uint16) error { return nil })
	if err != nil {
		return nil, err
	}
	g = newGuard(o)
	check := g.publicAddr
	if u.Scheme == "http" {
		check = g.plainAddr
	}
	var list []netip.Prefix
	for _, ip := range ips {
		if ip = ip.Unmap().WithZone(""); check(ip, port(u)) != nil {
			list = append(list, netip.PrefixFrom(ip, ip.BitLen()))
		}
	}
	return list, nil
}
