package console

import (
	"fmt"
	"net/http"
	"strings"
)

// languages are those of the pages, the first where a browser asks for none of them.
var languages = []string{"en", "zh"}

// language is the one that a visitor has chosen, before or now, or else the browser's.
func language(w http.ResponseWriter, r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); asked == "en" || asked == "zh" {
		http.SetCookie(w, &http.Cookie{Name: "lang", Value: asked, MaxAge: 366 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		return asked
	}
	if c, err := r.Cookie("lang"); err == nil && (c.Value == "en" || c.Value == "zh") {
		return c.Value
	}
	for tag := range strings.SplitSeq(strings.ToLower(r.Header.Get("Accept-Language")), ",") {
		for _, lang := range languages {
			if strings.HasPrefix(strings.TrimSpace(tag), lang) {
				return lang
			}
		}
	}
	return languages[0]
}

// translate says a text in a language. Texts are known by their English.
func translate(lang, key string, args ...any) string {
	text := key
	if said, ok := english[key]; ok {
		text = said
	}
	if said, ok := chinese[key]; ok && lang == "zh" {
		text = said
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// english are words of the archive that people do not read as they are.
var english = map[string]string{
	"cause camera": "the user's camera gave few frames", "cause encoder": "the user's device sent few frames", "cause uplink": "the user's uplink lost packets",
	"cause downlink": "the user's downlink lost packets", "cause latency": "the user was far from the cloud", "cause device": "the user's device was too slow",
	"cause peer_camera": "the sender's camera gave few frames", "cause peer_encoder": "the sender's device sent few frames", "cause peer_uplink": "the sender's uplink lost packets",
	"cause peer_latency": "the sender was far from the cloud", "cause peer": "others received the sender no better", "cause unknown": "nothing measured tells the cause", "cause ": "no cause",
	"fault sender": "the sender", "fault receiver": "the receiver", "fault nobody": "nobody, as far as was measured", "fault ": "no bad minute",
	"audio_loss_up": "sound sent: packets lost", "video_loss_up": "picture sent: packets lost", "audio_loss_down": "sound received: packets lost", "video_loss_down": "picture received: packets lost",
	"audio_stall": "sound stalled", "video_stall": "picture stalled", "rtt": "round trip", "sys_cpu": "processor load", "video_fps_up": "frames sent", "video_fps_down": "frames rendered",
	"aLoss": "packets lost", "bigvLoss": "packets lost", "aBlock": "stalled", "bigvBlock": "stalled", "bigvEncFps": "sent", "bigvCapFps": "captured", "bigvDecFps": "rendered", "bigvRecFps": "delivered",
	"sysCpu": "of the device", "appCpu": "of the application", "aBit": "bitrate", "bigvBit": "bitrate", "bigvWidth": "width", "bigvHeight": "height", "aCapEnergy": "captured", "aPlayEnergy": "played",
	"part room": "the room", "part users": "a part of the list of users", "part series": "a part of the measurements", "part events": "the event log", "part ": "the call",
	"state failed": "Set aside", "state lost": "Lost", "state pending": "Not archived yet",
}

// chinese has every text of the pages.
var chinese = map[string]string{
	// Grades, causes, metrics.
	"good": "良好", "fair": "一般", "poor": "较差", "serious": "严重", "unknown": "未知",
	"cause camera": "用户摄像头帧率低", "cause encoder": "用户设备发送帧率低", "cause uplink": "用户上行丢包", "cause downlink": "用户下行丢包", "cause latency": "用户到云端延迟高", "cause device": "用户设备性能不足",
	"cause peer_camera": "发送方摄像头帧率低", "cause peer_encoder": "发送方设备发送帧率低", "cause peer_uplink": "发送方上行丢包", "cause peer_latency": "发送方到云端延迟高", "cause peer": "其他人接收该发送方同样差",
	"cause unknown": "测量数据不能说明原因", "cause ": "无原因", "fault sender": "发送方", "fault receiver": "接收方", "fault nobody": "就测量而言，无人", "fault ": "没有差的分钟",
	"audio_loss_up": "上行音频丢包", "video_loss_up": "上行视频丢包", "audio_loss_down": "下行音频丢包", "video_loss_down": "下行视频丢包", "audio_stall": "音频卡顿", "video_stall": "视频卡顿", "rtt": "往返时延",
	"sys_cpu": "设备 CPU", "video_fps_up": "发送帧率", "video_fps_down": "渲染帧率",
	"aLoss": "丢包", "bigvLoss": "丢包", "aBlock": "卡顿", "bigvBlock": "卡顿", "bigvEncFps": "发送", "bigvCapFps": "采集", "bigvDecFps": "渲染", "bigvRecFps": "云端下发", "sysCpu": "设备", "appCpu": "应用",
	"aBit": "码率", "bigvBit": "码率", "bigvWidth": "宽", "bigvHeight": "高", "aCapEnergy": "采集", "aPlayEnergy": "播放",
	"Sound: packets lost": "音频：丢包", "Sound: stalls": "音频：卡顿", "Picture: packets lost": "视频：丢包", "Picture: stalls": "视频：卡顿", "Picture: frames": "视频：帧率", "Round trip to the cloud": "到云端的往返时延",
	"Processor": "CPU", "Sound: bitrate": "音频：码率", "Picture: bitrate": "视频：码率", "Picture: size": "视频：分辨率", "Volume": "音量", "% of the time": "% 时间", "pixels": "像素", "%": "%", "frames/s": "帧/秒", "ms": "ms", "bit/s": "bit/s",
	// The frame of all pages.
	"Skip to the content": "跳到正文", "Calls": "通话", "Fleet": "总览", "All times are UTC.": "所有时间均为 UTC。", "This page only reads the archive.": "本页面只读取归档数据。",
	"Error": "错误", "Back to the calls": "返回通话列表", "Main": "主导航",
	"Nothing is archived yet. The first pass of callvault archive makes the archive.": "尚未归档任何数据；首次运行 callvault archive 后即可查看。",
	"There is no such page.": "没有这个页面。", "There is no such user in this call.": "该通话中没有这个用户。", "Name a user.": "请指定用户。", "The console waits for ClickHouse. Try again in a moment.": "控制台正在等待 ClickHouse，请稍后再试。",
	"ClickHouse did not answer as it should. The log of callvault says more.": "ClickHouse 返回异常，详情见 callvault 日志。", "ClickHouse did not answer in time. Try a shorter time.": "ClickHouse 未及时响应，请缩短时间范围。",
	"There is no such call in the archive. Perhaps it is not archived yet, or older than the archive keeps calls.": "归档中没有该通话：可能尚未归档，或已超过保留期限。",
	// Finding a call.
	"Find a call": "查找通话", "Room, user or call": "房间、用户或通话 ID", "Application": "应用", "All": "全部", "From": "从", "To": "到", "Grade": "质量", "Any": "任意", "Not good": "不好", "Poor or serious": "较差或严重", "Serious": "严重",
	"Order": "排序", "Newest first": "最新优先", "Worst first": "最差优先", "Find": "查找", "Last day": "最近一天", "Last %d days": "最近 %d 天", "Calls found": "找到的通话", "Begin": "开始", "Room": "房间", "Length": "时长", "Users": "用户",
	"Bad minutes": "差的分钟", "What went wrong": "问题", "running": "进行中", "incomplete": "不完整", "for this user": "对该用户", "More": "更多", "Back": "上一页", "Page %d": "第 %d 页", "All calls of user": "该用户的全部通话",
	"No call was found.": "没有找到通话。", "Ids must be whole and exact. Try a longer time, or another application.": "ID 必须完整且准确。请尝试更长的时间范围或其他应用。",
	"Nothing is archived in this time. Try a longer time; callvault status says what is archived.": "该时间范围内没有归档数据。请尝试更长的时间范围；callvault status 可查看归档情况。", "no bad minute": "没有差的分钟",
	// A call.
	"Call in room": "通话，房间", "Call": "通话", "Time in the call": "在线时长", "Score": "评分", "Worst for": "最差的用户", "Cause": "原因",
	"%d users, at most %d at once": "%d 个用户，最多同时 %d 个", "Save as one file": "保存为单个文件", "Nothing was bad in this call.": "该通话没有差的分钟。", "No minute of this call could be judged.": "该通话没有可以评价的分钟。",
	"This call was still running when it was last archived, at %s. What came later is in the archive after the next pass.": "上次归档（%s）时通话仍在进行，之后的数据将在下次归档后出现。",
	"This call is not archived for good yet. A later pass completes it.":                                                   "该通话尚未最终归档，之后的归档会补全。", "What is missing": "缺失的数据", "A later pass tries again.": "之后的归档会重试。", "The vendor dropped it before it was archived.": "在归档之前，供应商已删除该数据。",
	"part room": "房间信息", "part users": "部分用户列表", "part series": "部分测量数据", "part events": "事件日志", "part ": "通话", "state failed": "暂缓", "state lost": "已丢失", "state pending": "尚未归档", "of user": "用户", "before": "早于",
	"Who was there": "参与者", "User": "用户", "Presence": "在线", "Device": "设备", "By entry": "按进入时间", "By name": "按名称", "joined %s": "%s 进入", "%d sessions": "%d 次会话",
	"in the room": "在房间内", "network": "网络", "connection": "连接", "entry or exit": "进出房", "bad experience": "不良体验", "other event": "其他事件", "not archived": "未归档", "bad minute": "差的分钟", "beyond poor": "超过“较差”", "beyond serious": "超过“严重”",
	"What %s sent and received": "%s 的上行与下行", "Sent": "上行", "Received": "下行", "Received, all senders together": "下行（所有发送方合计）", "not measured": "没有测量数据", "Not measured: %s.": "没有测量数据：%s。", "from": "来自",
	"average %s, at most %s at %s": "平均 %s，最大 %s（%s）", "lines are averages of %s; the shade around them is least to greatest": "线为 %s 平均值，阴影为最小到最大", "every sample is shown": "显示全部样本", "Whole call": "整个通话", "Closer": "放大", "Wider": "缩小", "Earlier": "更早", "Later": "更晚", "Time shown": "显示时间",
	"Drag over a chart to look closer. Point at it, or use the arrow keys, to read values.": "在图上拖动可放大；移动指针或用方向键读取数值。", "Values of the charts as a table": "图表数值表", "Measure": "指标", "Average": "平均", "Least": "最小", "Greatest": "最大", "at": "时间", "Direction": "方向",
	"Time": "时间", "Worst measure": "最差指标", "Why": "原因说明", "Events": "事件", "Event": "事件", "Meaning": "含义", "Stream": "流", "Sender": "发送方", "The first %d events are shown; look closer for more.": "显示前 %d 个事件；放大可查看更多。",
	"No event is archived in this time.": "该时间内没有归档事件。", "Who received whom, and how well": "谁接收谁，质量如何", "A row is a receiver, a column a sender. A cell has the receiver's bad minutes.": "行为接收方，列为发送方；单元格为接收方差的分钟数。", "Receiver": "接收方", "and %d more senders": "以及另外 %d 个发送方",
	"Nobody received anything that could be judged.": "没有可评价的接收数据。", "Nobody was in this call.": "该通话没有用户。", "big video": "大画面", "small video": "小画面", "side stream": "辅路", "%s of %s": "%s，%s",
	// A pair.
	"What was received": "接收情况", "What %s received from %s": "%s 接收 %s 的情况", "Whose fault": "责任方", "sent by": "发送：", "received by": "接收：", "The other way round": "反方向", "How others received the sender": "其他人接收该发送方的情况", "Sound lost": "音频丢包", "Picture lost": "视频丢包",
	"Frames": "帧率", "Nobody else received this sender.": "没有其他人接收该发送方。", "Nothing that could be judged was received.": "没有可评价的接收数据。", "Back to the call": "返回通话",
	// A user, all calls.
	"By month": "按月", "Month": "月份", "Grades": "质量分布", "Share of bad minutes": "差的分钟占比", "This user was in no call in this time.": "该用户在此时间内没有通话。", "All calls": "全部通话", "Calls by day": "按日通话", "Day": "日期", "Worst SDK versions": "最差的 SDK 版本", "Worst devices": "最差的设备",
	"With at least 30 judged minutes.": "至少有 30 个可评价的分钟。", "The archive": "归档", "Last archived in full": "上次完整归档", "At risk within a day": "一天内有丢失风险", "Set aside": "暂缓", "Lost": "已丢失", "never": "从未", "late": "已延迟", "There were no calls in this time.": "该时间内没有通话。", "Name": "名称", "Show": "显示", "Total": "合计",
	"%d h %d min": "%d 小时 %d 分", "%d min %d s": "%d 分 %d 秒", "%d s": "%d 秒", "%d h": "%d 小时", "%d min": "%d 分",
}
