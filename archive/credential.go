package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerr "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/words"
)

// findCredential bounds the SDK's search, whose last place is the metadata
// service of a Tencent cloud machine.
const findCredential = 10 * time.Second

// Credential returns the account's own credential. If none is set, it returns the one that
// the vendor's SDK finds in its profile file or the machine's role.
func Credential(ctx context.Context, a config.Account) (common.CredentialIface, error) {
	if a.SecretID != "" {
		return common.NewTokenCredential(a.SecretID, a.SecretKey.Reveal(), a.Token.Reveal()), nil
	}
	type found struct {
		cred common.CredentialIface
		err  error
	}
	ch := make(chan found, 1) // the search cannot be stopped; nobody may read its result
	go func() {
		cred, err := search()
		ch <- found{cred, err}
	}()
	select {
	case f := <-ch:
		return f.cred, f.err
	case <-time.After(findCredential):
		return nil, missingKey
	case <-ctx.Done():
		return nil, fmt.Errorf("find credentials: %w", context.Cause(ctx))
	}
}

var missingKey = config.Error{
	Setting: "TENCENTCLOUD_SECRET_ID", Problem: "is not set, and the vendor's SDK finds no credentials elsewhere",
	Try: "export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
}

// search lets the SDK search for a credential. The SDK panics at a profile file without a
// section.
func search() (cred common.CredentialIface, err error) {
	defer func() {
		if recover() != nil {
			cred, err = nil, profileError("has no section [default]")
		}
	}()
	cred, err = common.NewProviderChain([]common.Provider{common.DefaultProfileProvider()}).GetCredential()
	if err == nil {
		return cred, nil
	}
	if _, statErr := os.Stat(profileFile()); !errors.Is(statErr, os.ErrNotExist) || os.Getenv(common.EnvCredentialFile) != "" {
		return nil, profileError(profileProblem(err))
	}
	if cred, err = common.DefaultCvmRoleProvider().GetCredential(); err != nil {
		return nil, missingKey
	}
	return cred, nil
}

// profileFile returns the file in which the SDK looks for keys.
func profileFile() string {
	return cmp.Or(os.Getenv(common.EnvCredentialFile), filepath.Join(os.Getenv("HOME"), ".tencentcloud", "credentials"))
}

func profileProblem(err error) string {
	if e, ok := errors.AsType[*tcerr.TencentCloudSDKError](err); ok {
		return words.Printable(words.FirstLine(e.Message))
	}
	return words.OneLine(err)
}

func profileError(problem string) error {
	return config.Error{
		Setting: profileFile(), Problem: problem,
		Try: "give it a section [default] with secret_id and secret_key, or export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
	}
}
