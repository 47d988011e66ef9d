package simulator

import "slices"

// dialect is a generation of the vendor's API.
type dialect uint8

const (
	legacy  dialect = iota // since 2021: SDKAppIDs and page numbers are strings
	current                // since 2023: they are integers
)

func (d dialect) String() string { return [...]string{"legacy", "current"}[d] }

// action is an action of the API: its parameters, its limits, and its handler.
type action struct {
	name     string
	dialect  dialect
	slow     bool // its quota is a twentieth of the usual
	regions  []string
	required []string
	optional []string
	limits   limits
	stat     *statistic // of the vendor's statistics; nil: of the monitoring of calls
	serve    func(*Simulator, *query, *answer)
}

// limits are the limits of an action. Spans are in seconds; 0 means no limit.
type limits struct {
	span       int64 // EndTime − StartTime
	seriesSpan int64 // with DataType; a longer span gets null Data
	users      int   // UserIds
	pageSize   int
	filtered   int   // page size with DataType or UserIds
	grace      int64 // beyond the retention
}

var (
	baseRegions   = []string{"ap-beijing", "ap-guangzhou", "ap-mumbai", "ap-singapore"}
	listRegions   = append(slices.Clone(baseRegions), "na-toronto")
	eventRegions  = []string{"ap-beijing", "ap-guangzhou"}
	legacyRegions = append(slices.Clone(listRegions), "ap-hongkong", "ap-shanghai")
)

var (
	ofApp    = []string{"SdkAppId", "StartTime", "EndTime"}
	ofCall   = []string{"CommId", "SdkAppId", "StartTime", "EndTime"}
	ofUser   = []string{"CommId", "StartTime", "EndTime", "UserId", "RoomId"}
	roomPage = []string{"RoomId", "PageNumber", "PageSize"}
	userPage = []string{"UserIds", "PageNumber", "PageSize"}
	dataPage = []string{"UserIds", "DataType", "PageNumber", "PageSize"}
)

// actionByName finds an action. The tables follow the vendor's pages. Only the current
// page has the 24 hours of a room list.
func actionByName(name string) *action {
	for i := range actions {
		if actions[i].name == name {
			return &actions[i]
		}
	}
	for i := range statActions {
		if statActions[i].name == name {
			return &statActions[i]
		}
	}
	return nil
}

var actions = []action{
	{
		name: "DescribeRoomInformation", dialect: legacy, regions: legacyRegions,
		required: ofApp, optional: roomPage, limits: limits{pageSize: 100}, serve: (*Simulator).rooms,
	}, {
		name: "DescribeRoomInfo", dialect: current, regions: listRegions,
		required: ofApp, optional: roomPage, limits: limits{span: day, pageSize: 100}, serve: (*Simulator).rooms,
	}, {
		name: "DescribeUserInformation", dialect: legacy, regions: legacyRegions,
		required: ofCall, optional: userPage,
		limits: limits{span: 4 * hour, users: 6, pageSize: 100, filtered: 100}, serve: (*Simulator).userList,
	}, {
		name: "DescribeUserInfo", dialect: current, regions: baseRegions,
		required: ofCall, optional: userPage,
		limits: limits{span: 4 * hour, users: 100, pageSize: 100, filtered: 100}, serve: (*Simulator).userList,
	}, {
		name: "DescribeCallDetail", dialect: legacy, regions: legacyRegions,
		required: ofCall, optional: dataPage,
		limits: limits{span: hour, users: 6, pageSize: 100, filtered: 6}, serve: (*Simulator).callDetail,
	}, {
		name: "DescribeCallDetailInfo", dialect: current, regions: baseRegions,
		required: ofCall, optional: dataPage,
		limits: limits{span: 4 * hour, seriesSpan: hour, users: 6, pageSize: 100, filtered: 6}, serve: (*Simulator).callDetail,
	}, {
		name: "DescribeDetailEvent", dialect: legacy, regions: legacyRegions,
		required: ofUser, serve: (*Simulator).userEvents,
	}, {
		name: "DescribeUserEvent", dialect: current, regions: baseRegions,
		required: append([]string{"SdkAppId"}, ofUser...), serve: (*Simulator).userEvents,
	}, {
		name: "DescribeAbnormalEvent", dialect: legacy, slow: true, regions: legacyRegions,
		required: ofApp, optional: []string{"RoomId"}, limits: limits{span: hour, grace: day}, serve: (*Simulator).unusualEvents,
	}, {
		name: "DescribeUnusualEvent", dialect: current, regions: eventRegions,
		required: ofApp, optional: []string{"RoomId"}, limits: limits{span: hour}, serve: (*Simulator).unusualEvents,
	}, {
		name: "DescribeHistoryScale", dialect: legacy, regions: legacyRegions,
		required: ofApp, serve: (*Simulator).scale,
	}, {
		name: "DescribeScaleInfo", dialect: current, regions: listRegions,
		required: ofApp, serve: (*Simulator).scale,
	},
}

// typeOf returns the type of a parameter in the action's dialect.
func (a *action) typeOf(name string) paramType {
	if a.stat != nil {
		return a.stat.typeOf(name, slices.Contains(a.required, name))
	}
	switch name {
	case "UserIds", "DataType":
		return list
	case "StartTime", "EndTime":
		return number
	case "SdkAppId", "PageNumber", "PageSize":
		if a.dialect == current {
			return number
		}
	}
	return text
}

// family is what an action returns, in either dialect.
type family uint8

const (
	familyRooms family = iota
	familyUsers        // and series
	familyEvents
	familyUnusual
	familyScale
	familyStatistics
)

func (a *action) family() family {
	switch {
	case a.stat != nil:
		return familyStatistics
	case slices.Contains(a.optional, "PageSize") && slices.Contains(a.optional, "RoomId"):
		return familyRooms
	case slices.Contains(a.optional, "PageSize"):
		return familyUsers
	case slices.Contains(a.required, "UserId"):
		return familyEvents
	case slices.Contains(a.optional, "RoomId"):
		return familyUnusual
	}
	return familyScale
}

// list returns the field with the rows of the family.
func (f family) list() string {
	return [...]string{"RoomList", "UserList", "Data", "AbnormalExperienceList", "ScaleList", "UsageList"}[f]
}

// missing returns the fault for a missing parameter.
func missing(name string) *fault {
	switch name {
	case "CommId":
		return &fault{code: codeMissingCommID}
	case "SdkAppId":
		return &fault{code: codeMissingApp}
	case "StartTime":
		return &fault{code: codeMissingStart}
	case "EndTime":
		return &fault{code: codeMissingEnd}
	case "UserId":
		return &fault{code: codeMissingUser}
	case "RoomId":
		return &fault{code: codeMissingRoom}
	}
	return &fault{codeMissing, name}
}
