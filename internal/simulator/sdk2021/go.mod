module github.com/callvault/callvault/internal/simulator/sdk2021

go 1.26.0

require github.com/tencentcloud/tencentcloud-sdk-go v1.0.162
