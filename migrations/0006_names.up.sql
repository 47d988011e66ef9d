CREATE TABLE IF NOT EXISTS {{.Database}}.quality_thresholds {{.OnCluster}}
(
    measure LowCardinality(String) COMMENT 'What is judged: loss (%), fps (frames/s), cpu (%), bitrate_swing (%), rtt (ms) or stall (% of the time)',
    good Float64 COMMENT 'Up to here it is good: a score of 100',
    poor Float64 COMMENT 'Beyond it is poor: a score of 50',
    serious Float64 COMMENT 'Beyond it is serious: a score of 0. The order of the three numbers tells which way is worse; three equal ones: the measure is not judged',
    remark String DEFAULT '' COMMENT 'Where the numbers come from',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; 1970: a default'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (measure, changed_at)
COMMENT 'What is good, poor and serious. The newest row of a measure counts: change one by inserting a row. All relations that judge quality go by it, for calls of the past, too';

INSERT INTO {{.Database}}.quality_thresholds (measure, good, poor, serious, remark, changed_at)
SELECT * FROM values('measure String, good Float64, poor Float64, serious Float64, remark String, changed_at DateTime64(3, \'UTC\')',
    ('loss', 2, 5, 10, 'the vendor\'s dashboard: under 2 % good, over 5 % poor, over 10 % serious', 0),
    ('fps', 15, 10, 5, 'the vendor\'s dashboard: under 10 bad; the others are ours', 0),
    ('cpu', 60, 85, 95, 'the vendor\'s dashboard: over 85 % bad; the others are ours', 0),
    ('bitrate_swing', 15, 30, 60, 'the vendor\'s dashboard: over 30 % bad; the others are ours', 0),
    ('rtt', 100, 200, 400, 'ours', 0),
    ('stall', 1, 5, 10, 'ours', 0))
WHERE measure NOT IN (SELECT measure FROM {{.Database}}.quality_thresholds WHERE changed_at = toDateTime64(0, 3, 'UTC'));

CREATE TABLE IF NOT EXISTS {{.Database}}.event_names {{.OnCluster}}
(
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    category LowCardinality(String) COMMENT 'Kind of event: device, network, app, audio, video, connection, room, web',
    name_en String COMMENT 'What happened, English',
    name_zh String COMMENT 'What happened, Chinese'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (event_id)
COMMENT 'Events of user_events by number. Rows may be added for numbers that are missing; see events_decoded';

INSERT INTO {{.Database}}.event_names (event_id, category, name_en, name_zh)
SELECT event_id, category, name_en, name_zh FROM values('event_id UInt32, category String, name_en String, name_zh String',
    (1001, 'device', 'Earphone', '有线耳机'),
    (1002, 'device', 'Bluetooth earphone', '蓝牙耳机'),
    (1003, 'network', 'Network type', '网络类型'),
    (2001, 'app', 'Application in foreground or background', '应用前后台切换'),
    (2002, 'app', 'Permission missing', '缺少权限'),
    (3001, 'audio', 'Microphone capture', '麦克风采集'),
    (3002, 'audio', 'Playback mute', '播放静音'),
    (3003, 'audio', 'Audio codec', '音频编码格式'),
    (3004, 'audio', 'Audio output', '声音输出设备'),
    (4001, 'video', 'Camera opened', '摄像头打开成功'),
    (4002, 'video', 'Camera failed to open', '摄像头打开失败'),
    (4003, 'video', 'Resolution of the upstream changed (width, height)', '上行分辨率变化（宽、高）'),
    (4004, 'video', 'Video encoder', '视频编码器'),
    (4005, 'video', 'Video decoder', '视频解码器'),
    (4006, 'video', 'Video upstream', '视频上行开关'),
    (4007, 'video', 'Resolution of the downstream changed (width, height)', '下行分辨率变化（宽、高）'),
    (4008, 'video', 'Frame rate set', '帧率变化'),
    (4009, 'video', 'Bitrate set', '码率变化'),
    (4010, 'video', 'Reference picture selection turned off', '参考帧选择关闭'),
    (4011, 'video', 'Hardware decoder failed', '硬件解码失败'),
    (4012, 'video', 'Fell back to software decoding', '回退到软件解码'),
    (4013, 'video', 'No frame decoded in 3 s', '3 秒内没有解码出画面'),
    (4014, 'video', 'Remote picture', '远端画面开关'),
    (4015, 'video', 'Subscription to the main stream', '主路画面订阅'),
    (5001, 'connection', 'Entering the room', '开始进房'),
    (5002, 'connection', 'Look-up of the access address', '接入地址查询'),
    (5003, 'connection', 'Room entry', '进房结果'),
    (5004, 'connection', 'Video upload started', '视频开始上传'),
    (5005, 'connection', 'Connection to the server timed out', '服务器连接超时'),
    (5006, 'connection', 'First video packet received', '收到首个视频包'),
    (5007, 'connection', 'First video frame played', '播放首帧画面'),
    (5008, 'connection', 'Room exit', '退房结果'),
    (5009, 'connection', 'First audio frame sent', '发送首帧音频'),
    (6001, 'network', 'Preference of the flow control', '流控偏好'),
    (7000, 'room', 'Entered the room', '进入房间'),
    (7001, 'room', 'Left the room', '离开房间'),
    (32768, 'web', 'Video turned on', '视频开启'),
    (32769, 'web', 'Audio turned on', '音频开启'),
    (32770, 'web', 'Video turned off', '视频关闭'),
    (32771, 'web', 'Audio turned off', '音频关闭'),
    (32772, 'web', 'Video muted', '视频静默'),
    (32773, 'web', 'Audio muted', '音频静音'),
    (32774, 'web', 'Video unmuted', '视频取消静默'),
    (32775, 'web', 'Audio unmuted', '音频取消静音'),
    (32776, 'web', 'Subscribed to remote video', '订阅远端视频'),
    (32777, 'web', 'Subscribed to remote audio', '订阅远端音频'),
    (32778, 'web', 'Unsubscribed from remote video', '取消订阅远端视频'),
    (32779, 'web', 'Unsubscribed from remote audio', '取消订阅远端音频'),
    (32780, 'web', 'Camera switched', '切换摄像头'),
    (32781, 'web', 'Microphone switched', '切换麦克风'),
    (32782, 'web', 'Video updated', '视频更新'),
    (32783, 'web', 'Audio updated', '音频更新'),
    (32784, 'web', 'Remote video turned off', '远端视频关闭'),
    (32785, 'web', 'Remote audio turned off', '远端音频关闭'),
    (32786, 'web', 'Remote video turned on', '远端视频开启'),
    (32787, 'web', 'Remote audio turned on', '远端音频开启'),
    (32788, 'room', 'Entered the room (web)', '进入房间（Web）'),
    (32789, 'room', 'Left the room (web)', '离开房间（Web）'),
    (32790, 'connection', 'Signalling connection lost', '信令连接断开'),
    (32791, 'connection', 'Signalling connected', '信令连接成功'),
    (32792, 'connection', 'Media connection lost', '媒体连接断开'),
    (32793, 'connection', 'Media connected', '媒体连接成功'),
    (36864, 'connection', 'Signalling connection lost', '信令连接断开'))
WHERE (event_id) NOT IN (SELECT event_id FROM {{.Database}}.event_names);

CREATE TABLE IF NOT EXISTS {{.Database}}.event_values {{.OnCluster}}
(
    event_id UInt32 COMMENT 'Event by the vendor''s number (EventId)',
    param_one Int64 COMMENT 'Value of the first parameter (ParamOne)',
    name_en String COMMENT 'What the value means, English',
    name_zh String COMMENT 'What the value means, Chinese'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (event_id, param_one)
COMMENT 'Meaning of the first parameter of events; see events_decoded';

INSERT INTO {{.Database}}.event_values (event_id, param_one, name_en, name_zh)
SELECT event_id, param_one, name_en, name_zh FROM values('event_id UInt32, param_one Int64, name_en String, name_zh String',
    (1001, 0, 'pulled out', '拔出'),
    (1001, 1, 'plugged in', '插入'),
    (1002, 0, 'off', '断开'),
    (1002, 1, 'on', '连接'),
    (1003, 0, 'none', '无网络'),
    (1003, 1, 'Wi-Fi', 'Wi-Fi'),
    (1003, 2, '4G', '4G'),
    (1003, 3, '3G', '3G'),
    (1003, 4, '2G', '2G'),
    (1003, 5, 'wired', '有线网络'),
    (2001, 0, 'foreground', '前台'),
    (2001, 1, 'background', '后台'),
    (2002, 1, 'network', '网络'),
    (2002, 2, 'reading files', '文件读取'),
    (2002, 3, 'writing files', '文件写入'),
    (2002, 4, 'audio recording', '录音'),
    (2002, 5, 'camera', '摄像头'),
    (3001, 0, 'started', '开始采集'),
    (3001, 1, 'muted', '静音'),
    (3001, 2, 'stopped', '停止采集'),
    (3001, 3, 'unmuted', '取消静音'),
    (3002, 0, 'off', '关闭'),
    (3002, 1, 'on', '开启'),
    (3003, 10, 'AAC', 'AAC'),
    (3003, 11, 'Opus', 'Opus'),
    (3004, 0, 'speaker', '扬声器'),
    (3004, 1, 'receiver', '听筒'),
    (4001, 0, 'front camera', '前置摄像头'),
    (4001, 1, 'rear camera', '后置摄像头'),
    (4002, 0, 'front camera', '前置摄像头'),
    (4002, 1, 'rear camera', '后置摄像头'),
    (4004, 0, 'software', '软件'),
    (4004, 1, 'hardware', '硬件'),
    (4005, 0, 'software', '软件'),
    (4005, 1, 'hardware', '硬件'),
    (4006, 0, 'on', '开启'),
    (4006, 1, 'off', '关闭'),
    (4014, 0, 'on', '开启'),
    (4014, 1, 'off', '关闭'),
    (4015, 0, 'off', '关闭'),
    (4015, 1, 'on', '开启'),
    (5002, 0, 'failed', '失败'),
    (5002, 1, 'succeeded', '成功'),
    (5003, 0, 'failed', '失败'),
    (5003, 1, 'succeeded', '成功'),
    (5008, 0, 'failed', '失败'),
    (5008, 1, 'succeeded', '成功'),
    (7000, 0, 'for the first time', '首次进入'),
    (7000, 1, 'again', '重新进入'),
    (7001, 0, 'normally', '正常离开'),
    (7001, 1, 'by timeout', '超时离开'),
    (7001, 2, 'kicked out', '被踢出'))
WHERE (event_id, param_one) NOT IN (SELECT event_id, param_one FROM {{.Database}}.event_values);

CREATE TABLE IF NOT EXISTS {{.Database}}.experience_names {{.OnCluster}}
(
    experience_id UInt32 COMMENT 'Kind of bad experience by the vendor''s number (ExperienceId)',
    name_en String COMMENT 'What the user saw or heard, English',
    name_zh String COMMENT 'What the user saw or heard, Chinese'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (experience_id)
COMMENT 'Bad experiences of unusual_events by number; see unusual_events_decoded';

INSERT INTO {{.Database}}.experience_names (experience_id, name_en, name_zh)
SELECT experience_id, name_en, name_zh FROM values('experience_id UInt32, name_en String, name_zh String',
    (1, 'Slow room entry', '进房慢'),
    (2, 'Video would not start', '视频无法播放'),
    (3, 'Audio would not start', '音频无法播放'),
    (4, 'Video stalled', '视频卡顿'),
    (5, 'Audio stalled', '音频卡顿'))
WHERE (experience_id) NOT IN (SELECT experience_id FROM {{.Database}}.experience_names);

CREATE TABLE IF NOT EXISTS {{.Database}}.abnormal_event_names {{.OnCluster}}
(
    abnormal_event_id UInt32 COMMENT 'Cause by the vendor''s number (AbnormalEventId)',
    category LowCardinality(String) COMMENT 'Where the cause lies: room, camera, microphone, speaker, screen, codec, cpu, upstream, downstream',
    name_en String COMMENT 'The cause, English',
    name_zh String COMMENT 'The cause, Chinese'
)
ENGINE = {{engine "MergeTree"}}
ORDER BY (abnormal_event_id)
COMMENT 'Causes of unusual_events by number; see unusual_events_decoded';

INSERT INTO {{.Database}}.abnormal_event_names (abnormal_event_id, category, name_en, name_zh)
SELECT abnormal_event_id, category, name_en, name_zh FROM values('abnormal_event_id UInt32, category String, name_en String, name_zh String',
    (1001, 'room', 'Audio device', '音频设备异常'),
    (1002, 'room', 'Video device', '视频设备异常'),
    (1003, 'room', 'Token invalid', '签名校验失败'),
    (1004, 'room', 'Access server not reached', '接入服务器异常'),
    (1005, 'room', 'Room entry failed', '进房失败'),
    (1006, 'room', 'Room entry failed', '进房失败'),
    (1007, 'room', 'Address of the client changed', '客户端 IP 变化'),
    (1008, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1009, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1010, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1011, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1012, 'room', 'Bad parameter of room entry', '进房参数错误'),
    (1013, 'room', 'Room entry timed out', '进房超时'),
    (1014, 'room', 'Service unavailable or in arrears', '服务不可用或欠费'),
    (1015, 'camera', 'Camera failed', '摄像头打开失败'),
    (1016, 'camera', 'No permission for the camera', '没有摄像头权限'),
    (1017, 'camera', 'Bad setting of the camera', '摄像头参数错误'),
    (1018, 'camera', 'Camera in use elsewhere', '摄像头被占用'),
    (1019, 'microphone', 'Microphone failed', '麦克风打开失败'),
    (1020, 'microphone', 'No permission for the microphone', '没有麦克风权限'),
    (1021, 'microphone', 'Bad setting of the microphone', '麦克风参数错误'),
    (1022, 'microphone', 'Microphone in use elsewhere', '麦克风被占用'),
    (1023, 'speaker', 'Speaker failed', '扬声器打开失败'),
    (1024, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1025, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1026, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1027, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1028, 'screen', 'Screen sharing failed', '屏幕分享异常'),
    (1029, 'codec', 'Video encoding failed', '视频编码失败'),
    (1030, 'codec', 'Resolution not supported', '分辨率不支持'),
    (1031, 'codec', 'Audio encoding failed', '音频编码失败'),
    (1032, 'codec', 'Sample rate not supported', '采样率不支持'),
    (2001, 'cpu', 'Processor load of the device', '设备 CPU 占用过高'),
    (2002, 'cpu', 'Processor load of the application', '应用 CPU 占用过高'),
    (2003, 'upstream', 'Latency of the upstream', '上行延迟高'),
    (2004, 'upstream', 'Jitter of the upstream', '上行抖动大'),
    (2005, 'upstream', 'Audio packets lost upstream', '上行音频丢包'),
    (2006, 'upstream', 'Captured volume is 0', '采集音量为 0'),
    (2007, 'upstream', 'Packets of the big picture lost upstream', '上行大画面丢包'),
    (2008, 'upstream', 'Packets of the small picture lost upstream', '上行小画面丢包'),
    (2009, 'upstream', 'Packets of the side picture lost upstream', '上行辅路画面丢包'),
    (2010, 'upstream', 'Captured frame rate of the big picture', '大画面采集帧率低'),
    (2011, 'upstream', 'Captured frame rate of the small picture', '小画面采集帧率低'),
    (2012, 'upstream', 'Captured frame rate of the side picture', '辅路画面采集帧率低'),
    (2013, 'downstream', 'Latency of the downstream', '下行延迟高'),
    (2014, 'downstream', 'Jitter of the downstream', '下行抖动大'),
    (2015, 'downstream', 'Audio packets lost downstream', '下行音频丢包'),
    (2016, 'downstream', 'Playback volume is 0', '播放音量为 0'),
    (2017, 'downstream', 'Packets of the big picture lost downstream', '下行大画面丢包'),
    (2018, 'downstream', 'Packets of the small picture lost downstream', '下行小画面丢包'),
    (2019, 'downstream', 'Packets of the side picture lost downstream', '下行辅路画面丢包'),
    (2020, 'downstream', 'Rendered frame rate of the big picture', '大画面渲染帧率低'),
    (2021, 'downstream', 'Rendered frame rate of the small picture', '小画面渲染帧率低'),
    (2022, 'downstream', 'Rendered frame rate of the side picture', '辅路画面渲染帧率低'),
    (2023, 'downstream', 'Audio stalled', '音频卡顿'),
    (2024, 'downstream', 'Big picture stalled', '大画面卡顿'),
    (2025, 'downstream', 'Small picture stalled', '小画面卡顿'),
    (2026, 'downstream', 'Side picture stalled', '辅路画面卡顿'))
WHERE (abnormal_event_id) NOT IN (SELECT abnormal_event_id FROM {{.Database}}.abnormal_event_names);
