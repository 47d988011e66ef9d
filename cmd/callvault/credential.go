package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"

	"github.com/callvault/callvault/internal/config"
)

// findCredential bounds the SDK's search, whose last place is the metadata
// service of a Tencent cloud machine.
const findCredential = 10 * time.Second

// credential is the account's own or, where none is set, what the vendor's SDK
// finds: its environment variables, its profile file, the machine's role.
func credential(ctx context.Context, a config.Account) (common.CredentialIface, error) {
	if a.SecretID != "" {
		return common.NewTokenCredential(a.SecretID, a.SecretKey.Reveal(), a.Token.Reveal()), nil
	}
	type found struct {
		cred common.CredentialIface
		err  error
	}
	ch := make(chan found, 1) // the search cannot be ended; its result may come to nobody
	go func() {
		cred, err := common.DefaultProviderChain().GetCredential()
		ch <- found{cred, err}
	}()
	missing := config.Error{
		Setting: "TENCENTCLOUD_SECRET_ID", Problem: "is not set, and the vendor's SDK finds no credentials elsewhere",
		Try: "export TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
	}
	select {
	case f := <-ch:
		if f.err != nil {
			return nil, missing
		}
		return f.cred, nil
	case <-time.After(findCredential):
		return nil, missing
	case <-ctx.Done():
		return nil, fmt.Errorf("find credentials: %w", context.Cause(ctx))
	}
}
