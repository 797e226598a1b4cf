package account

import (
	"context"
	"strings"
	"testing"
)

// djangoHashes are of "lètmein", written by Django; scrypt's by Python, in
// Django's form.
var djangoHashes = []string{
	"pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
	"pbkdf2_sha1$1000$seasalt$ljleU4wBmTtz/MoG5YTwxpM0d7I=",
	"argon2$argon2id$v=19$m=1024,t=2,p=2$c2Vhc2FsdHNlYXNhbHQ$cCseGkzeaxGHb3WYjDavxg",
	"bcrypt_sha256$$2b$04$riOS3ni06WJaXRZ/relwkOgCeCoK5yNFm311CDf3c/PB6o3Xr2CTm",
	"bcrypt$$2b$04$HtaRXfAtTANikIGEph.wKOZOo2VYrSNxIVI4GnlDEVdyQOqZn8hGe",
	"scrypt$1024$seasalt$8$1$+qO2jTkVUbPNlniTkHY96ldSJKs4U0WQif8UbWlfO3wJDNhKOg+pPtDckiT6Zw0qkEvKIQ1MdONfGxsWrpoiNg==",
}

func TestDjangoHashes(t *testing.T) {
	ctx, p := context.Background(), NewPasswords(1)
	for _, hash := range djangoHashes {
		name, _, _ := strings.Cut(hash, "$")
		t.Run(name, func(t *testing.T) {
			if !ForeignHash(hash) {
				t.Fatal("not known")
			}
			for password, want := range map[string]bool{
				"lètmein": true, "le\u0300tmein": true, "letmein": false, "": false, "lètmein ": false,
				strings.Repeat("x", 2000): false,
			} {
				if ok, err := p.Check(ctx, password, hash); ok != want || err != nil {
					t.Errorf("%q: %v, %v", password, ok, err)
				}
			}
			like := LikeForeign(hash)
			if !ForeignHash(like) || len(like) < 20 || like == hash {
				t.Errorf("a hash of the same cost: %q", like)
			}
			if ok, err := p.CheckWith(ctx, "lètmein", hash, like); !ok || err != nil {
				t.Errorf("CheckWith: %v, %v", ok, err)
			}
			for _, other := range []string{"", like, "$argon2id$cut", hash} {
				if ok, err := p.CheckWith(ctx, "wrong", other, like); ok || err != nil {
					t.Errorf("CheckWith of %q: %v, %v", other, ok, err)
				}
			}
		})
	}
}

// A hash is data: it must not choose our time and memory, nor be taken for one
// of a kind that is not safe.
func TestDjangoHashesRefused(t *testing.T) {
	for _, hash := range []string{
		"", "!", "!Kq9", "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3", "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8",
		"pbkdf2_sha256$1000000000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=",
		"pbkdf2_sha256$0$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=", "pbkdf2_sha256$1000$seasalt$JgZr",
		"pbkdf2_sha256$1000$seasalt$", "pbkdf2_sha256$1000", "pbkdf2_sha256$x$y$z", "bcrypt$$2b$31$HtaRXfAtTANikIGEph.wKOZOo2VYrSNxIVI4GnlDEVdyQOqZn8hGe",
		"argon2$argon2id$v=19$m=99999999,t=2,p=2$c2Vhc2FsdHNlYXNhbHQ$cCseGkzeaxGHb3WYjDavxg",
		"argon2$argon2d$v=19$m=1024,t=2,p=2$c2Vhc2FsdHNlYXNhbHQ$cCseGkzeaxGHb3WYjDavxg", "argon2$argon2id$v=19$m=1024,t=2,p=2$$",
		"scrypt$1023$seasalt$8$1$AAAA", "scrypt$1048576$seasalt$1024$1$AAAA", "scrypt$1$s$1$1$",
	} {
		if ForeignHash(hash) || LikeForeign(hash) != "" {
			t.Errorf("%q was taken", hash)
		}
	}
}

func FuzzDjangoHash(f *testing.F) {
	for _, hash := range djangoHashes {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		if like := LikeForeign(hash); like != "" && LikeForeign(like) == "" {
			t.Errorf("%q is no hash, but was made of %q", like, hash)
		}
	})
}
