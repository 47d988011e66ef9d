package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// TLS has the settings of connections to a server. The zero value means the system's
// authorities, no certificate of the client, and TLS 1.2 or newer.
type TLS struct {
	// CA is a file with the certificates of the authorities to trust, in place of the
	// system's.
	CA string `yaml:"_ca" env:"_CA" use:"the path of a PEM file with the authority's certificate"`
	// Cert and Key are the files of the client's certificate and its key.
	Cert string `yaml:"_cert" env:"_CERT" use:"the path of a PEM file with the client's certificate"`
	Key  string `yaml:"_key" env:"_KEY" use:"the path of a PEM file with the certificate's key"`
	// ServerName is the name that the server's certificate must be for; empty: the host.
	ServerName string `yaml:"_server_name" env:"_SERVER_NAME" use:"the name that the server's certificate is for"`
	// Least is the oldest version of TLS.
	Least string `yaml:"_tls_min" env:"_TLS_MIN" use:"1.2 or 1.3"`
}

// The prefixes of the variables of TLS: the tags of its two fields.
const (
	clickhouse = "CALLVAULT_CLICKHOUSE"
	vendor     = "CALLVAULT_TRTC"
)

// ToClickHouse returns the TLS settings for ClickHouse; nil: the usual ones. The error is
// an Error.
func (c *Config) ToClickHouse() (*tls.Config, error) { return c.ClickHouseTLS.config(clickhouse) }

// ToVendor returns the TLS settings for the vendor; nil: the usual ones. The error is an
// Error.
func (a *Account) ToVendor() (*tls.Config, error) { return a.VendorTLS.config(vendor) }

// config reads the files. Its error names the wrong setting by its variable, which begins
// with prefix.
func (t TLS) config(prefix string) (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	c := &tls.Config{ServerName: t.ServerName}
	versions := map[string]uint16{"": 0, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	var known bool
	if c.MinVersion, known = versions[t.Least]; !known {
		return nil, Error{prefix + "_TLS_MIN", fmt.Sprintf("%q is not a version of TLS to require", short(t.Least)), "use 1.2 or 1.3"}
	}
	var err error
	if c.RootCAs, err = t.authorities(prefix + "_CA"); err != nil {
		return nil, err
	}
	c.Certificates, err = t.client(prefix+"_CERT", prefix+"_KEY")
	return c, err
}

// authorities reads CA.
func (t TLS) authorities(setting string) (*x509.CertPool, error) {
	if t.CA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(t.CA)
	if err != nil {
		return nil, Error{setting, unread(err), "name a PEM file with the authority's certificate"}
	}
	pool, n := x509.NewCertPool(), 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue
		}
		if time.Now().After(cert.NotAfter) {
			return nil, Error{setting, fmt.Sprintf("%s: the certificate of %q has expired on %s", t.CA, cert.Subject.CommonName, cert.NotAfter.UTC().Format(time.DateOnly)), "name the authority's present one"}
		}
		pool.AddCert(cert)
		n++
	}
	if n == 0 {
		return nil, Error{setting, t.CA + " has no certificate in PEM", "name a file that begins with -----BEGIN CERTIFICATE-----"}
	}
	return pool, nil
}

// unread returns a text about a file that cannot be read.
func unread(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%s cannot be read: %v", short(e.Path), e.Err)
	}
	return err.Error()
}

// client reads Cert and Key.
func (t TLS) client(cert, key string) ([]tls.Certificate, error) {
	switch {
	case t.Cert == "" && t.Key == "":
		return nil, nil
	case t.Key == "":
		return nil, Error{cert, "is set without " + key, "set both"}
	case t.Cert == "":
		return nil, Error{key, "is set without " + cert, "set both"}
	}
	certs, err := os.ReadFile(t.Cert)
	if err != nil {
		return nil, Error{cert, unread(err), "name a PEM file with the client's certificate"}
	}
	secret, err := os.ReadFile(t.Key)
	if err != nil {
		return nil, Error{key, unread(err), "name a PEM file with the certificate's key"}
	}
	if block, _ := pem.Decode(certs); block == nil || block.Type != "CERTIFICATE" {
		return nil, Error{cert, t.Cert + " has no certificate in PEM", "name a file that begins with -----BEGIN CERTIFICATE-----"}
	}
	if block, _ := pem.Decode(secret); block == nil {
		return nil, Error{key, t.Key + " has no key in PEM", "name a file that has -----BEGIN PRIVATE KEY-----"}
	}
	pair, err := tls.X509KeyPair(certs, secret)
	if err != nil {
		return nil, Error{key, fmt.Sprintf("%s is not the key of %s", t.Key, t.Cert), "name the key that the certificate was made with"}
	}
	if until := pair.Leaf.NotAfter; time.Now().After(until) {
		return nil, Error{cert, fmt.Sprintf("%s has expired on %s", t.Cert, until.UTC().Format(time.DateOnly)), "renew it"}
	}
	return []tls.Certificate{pair}, nil
}

// validateTLS checks the settings, and that they have an effect.
func (r *reader) validateTLS(own places, t TLS, prefix string, used bool, unused string) {
	if _, err := t.config(prefix); err != nil {
		if e, ok := err.(Error); ok {
			r.say(own, e.Setting, e.Problem, e.Try)
		}
		return
	}
	if t == (TLS{}) || used {
		return
	}
	for _, s := range settingsOf(&t) {
		if s.value.String() != "" {
			r.say(own, prefix+s.variable, "is set, and "+unused, "use TLS, or leave it out")
			return
		}
	}
}
