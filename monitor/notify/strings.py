"""Which words does a notification use, in both languages? What stands in {braces} is put in by `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.core.plan import Text
from ticketing.ticket import EventKind, PendingReason, Severity, TicketState

SEVERITY: Final[Mapping[Severity, Text]] = {
    Severity.URGENT: Text("Urgent", "紧急"),
    Severity.HIGH: Text("High", "高"),
    Severity.NORMAL: Text("Normal", "中"),
    Severity.LOW: Text("Low", "低"),
}

STATE: Final[Mapping[TicketState, Text]] = {
    TicketState.NEW: Text("new", "新建"),
    TicketState.ACKNOWLEDGED: Text("acknowledged", "已响应"),
    TicketState.IN_PROGRESS: Text("in progress", "处理中"),
    TicketState.PENDING: Text("waiting", "挂起"),
    TicketState.RESTORED: Text("restored for now", "已临时恢复"),
    TicketState.RESOLVED: Text("resolved, not yet verified", "已修复，待验证"),
    TicketState.VERIFIED: Text("verified", "已验证"),
    TicketState.SIGNED: Text("signed", "已签收"),
    TicketState.CLOSED: Text("closed", "已关闭"),
    TicketState.RECOVERED: Text("recovered", "已自行恢复"),
    TicketState.CANCELLED: Text("cancelled", "已取消"),
}

EVENT: Final[Mapping[EventKind, Text]] = {
    EventKind.REOPENED: Text("Again", "再次发生"),
    EventKind.RAISED: Text("Raised", "已升级"),
    EventKind.RECOVERED: Text("Recovered", "已恢复"),
    EventKind.ASKED: Text("Is it meant to be so?", "是否有意如此？"),
    EventKind.VERIFY_FAILED: Text("Not repaired", "修复未通过验证"),
    EventKind.CLOSED: Text("Closed", "已关闭"),
    EventKind.CANCELLED: Text("Cancelled", "已取消"),
    EventKind.RESPONSE_BREACHED: Text("Nobody has answered", "响应超时"),
    EventKind.ARRIVAL_BREACHED: Text("Nobody is there", "到场超时"),
    EventKind.FIX_BREACHED: Text("Not repaired in time", "修复超时"),
}

LEAD: Final[Mapping[EventKind, Text]] = {
    EventKind.REOPENED: Text("The same fault is back.", "同一故障再次出现。"),
    EventKind.RAISED: Text("It has become {severity}.", "级别已升为{severity}。"),
    EventKind.RECOVERED: Text(
        "It has been well again since {recovered}, without anybody's work; it lasted {lasted}.",
        "自 {recovered} 起已自行恢复，历时 {lasted}。",
    ),
    EventKind.ASKED: Text(
        "The picture has been like this for more than a day. If it is meant to be so, confirm the new view on the "
        "ticket: the camera is then learned anew. Otherwise leave the ticket as it is.",
        "画面已持续如此超过一天。若有意如此，请在工单上确认新视角，摄像机将重新学习；否则请保留工单。",
    ),
    EventKind.VERIFY_FAILED: Text(
        "The device was asked again after the repair, and the fault is still there.",
        "修复后已重新检测，故障仍然存在。",
    ),
    EventKind.CLOSED: Text("Closed after {lasted}.", "已关闭，历时 {lasted}。"),
    EventKind.CANCELLED: Text("The ticket is cancelled.", "工单已取消。"),
    EventKind.RESPONSE_BREACHED: Text(
        "It should have been answered by {response}, and nobody has.", "应在 {response} 前响应，目前无人响应。"
    ),
    EventKind.ARRIVAL_BREACHED: Text(
        "Somebody should have been there by {arrival}, and nobody is.", "应在 {arrival} 前到场，目前无人到场。"
    ),
    EventKind.FIX_BREACHED: Text(
        "It should have been repaired by {fix}, and it is not.", "应在 {fix} 前修复，目前尚未修复。"
    ),
}

REASON: Final[Mapping[PendingReason, Text]] = {
    PendingReason.CUSTOMER: Text("the customer", "客户"),
    PendingReason.PARTS: Text("parts", "备件"),
    PendingReason.VENDOR: Text("the vendor", "厂商"),
    PendingReason.ACCESS: Text("access", "进场许可"),
    PendingReason.SCHEDULED: Text("the date agreed", "约定时间"),
    PendingReason.WEATHER: Text("the weather", "天气"),
}

PORT: Final[Mapping[str, Text]] = {
    "searching": Text(
        "Port {port} of {parent} is on but finds nothing to power{watts}.",
        "{parent} 的 {port} 端口已开启，但未检测到受电设备{watts}。",
    ),
    "delivering": Text("Port {port} of {parent} delivers power{watts}.", "{parent} 的 {port} 端口正在供电{watts}。"),
    "disabled": Text("Port {port} of {parent} is switched off.", "{parent} 的 {port} 端口已关闭。"),
    "fault": Text("Port {port} of {parent} reports a power fault.", "{parent} 的 {port} 端口报告供电故障。"),
    "other_fault": Text("Port {port} of {parent} reports a power fault.", "{parent} 的 {port} 端口报告供电故障。"),
    "test": Text("Port {port} of {parent} is in test mode.", "{parent} 的 {port} 端口处于测试模式。"),
}

WATTS: Final = Text(" ({watts} W)", "（{watts} W）")

AT_PORT: Final = Text(", port {port}", "（{port} 端口）")
PARENT_ANSWERS: Final = Text("{parent}, on which it hangs, answers.", "其上级 {parent} 正常应答。")
PARENT_FAILS: Final = Text("{parent}, on which it hangs, has a fault itself.", "其上级 {parent} 自身有故障。")
NEIGHBOURS_FINE: Final = Text("The {count} others there are fine.", "同一上级的其他 {count} 台设备正常。")
NEIGHBOUR_FINE: Final = Text("The other device there is fine.", "同一上级的另一台设备正常。")
NEIGHBOUR_FAILS: Final = Text("The other device there fails too.", "同一上级的另一台设备也有故障。")
NEIGHBOURS_FAIL: Final = Text(
    "Of the {count} others there {failing} fail too.", "同一上级的其他 {count} 台设备中有 {failing} 台也有故障。"
)
ONE_NEIGHBOUR_FAILS: Final = Text(
    "Of the {count} others there one fails too.", "同一上级的其他 {count} 台设备中有 1 台也有故障。"
)
ALL_NEIGHBOURS_FAIL: Final = Text("All {count} others there fail too.", "同一上级的其他 {count} 台设备也全部有故障。")

HEARD: Final = Text("The device has told of it by itself: {title}.", "设备已主动上报：{title}。")
HEARD_TEXT: Final = Text(
    "The device has told of it by itself: {title} ({text}).", "设备已主动上报：{title}（{text}）。"
)

CHILDREN: Final = Text(
    "Behind it, {count} more cannot be seen: {names}.", "受其影响，另有 {count} 台设备无法检测：{names}。"
)
CHILD: Final = Text("Behind it, one more cannot be seen: {names}.", "受其影响，另有 1 台设备无法检测：{names}。")
MORE: Final = Text(", and {count} more", "等")  # the sentence says how many they are

PART: Final = Text(" ({part})", "（{part}）")
SINCE: Final = Text("{severity} · {headline} since {since}.", "{severity} · {headline}，自 {since} 起。")
PLACE: Final = Text("Place: {place}.", "位置：{place}。")
PROBABLY: Final = Text("Probably: {items}.", "可能原因：{items}。")
BRING: Final = Text("Bring: {items}.", "请携带：{items}。")
REMOTE: Final = Text("Bring: nothing, it is put right remotely.", "无需携带物品，可远程处理。")
REMOTE_ITEM: Final = Text("nothing: it is put right remotely", "无需携带，可远程处理")
WAITS: Final = Text("It waits for {reason}.", "正在等待{reason}。")
WELL: Final = Text("It has been well again since {recovered}.", "自 {recovered} 起已恢复正常。")
OFTEN: Final = Text("It has happened {count} times.", "已发生 {count} 次。")
CAUSE: Final = Text("Cause: {text}.", "原因：{text}。")
WORK: Final = Text("Work: {text}.", "处理：{text}。")
WAIVED: Final = Text("Closed without proof: {text}.", "未经验证即关闭：{text}。")
SAID: Final = Text("{by}: {text}", "{by}：{text}")

DEADLINE: Final[Mapping[str, Text]] = {
    "response": Text("answer by {at}", "{at} 前响应"),
    "arrival": Text("be there by {at}", "{at} 前到场"),
    "fix": Text("have it repaired by {at}", "{at} 前修复"),
}
CLOCK: Final[Mapping[str, Text]] = {
    "response": Text("Answer by", "响应时限"),
    "arrival": Text("On site by", "到场时限"),
    "fix": Text("Repaired by", "修复时限"),
}

LABEL: Final[Mapping[str, Text]] = {
    "ticket": Text("Ticket", "工单"),
    "state": Text("State", "状态"),
    "device": Text("Device", "设备"),
    "place": Text("Place", "位置"),
    "cabling": Text("Cabling", "线路"),
    "causes": Text("Probably", "可能原因"),
    "remedies": Text("To do", "处理步骤"),
    "bring": Text("Bring", "携带物品"),
    "now": Text("at the fault", "故障时"),
    "before": Text("last good picture", "最近正常画面"),
    "after": Text("after the repair", "修复后"),
    "footer": Text("Sitewarden at {site}", "Sitewarden · {site}"),
}

DIGEST: Final = Text(
    "{count} messages about {tickets} tickets: {severities}", "{tickets} 张工单共 {count} 条消息：{severities}"
)
DIGEST_ONE: Final = Text("{count} messages about {headline}", "{headline}：共 {count} 条消息")
DIGEST_PART: Final = Text("{count} {severity}", "{severity} {count}")
DIGEST_MORE: Final = Text("… and {count} more tickets", "……以及另外 {count} 张工单")

WORDED: Final = frozenset(
    {"alarm", "clock_cause", "disabled_by", "state", "detect", "storage_state", "lost"}
)  # facts whose words are put into the reader's language
WORDS: Final[Mapping[str, Text]] = {
    "reset": Text("it has lost its time, as with an empty clock battery", "时间已丢失，通常为时钟电池耗尽"),
    "time_zone": Text(
        "off by whole or half hours: time zone or daylight saving time", "偏差为整小时或半小时：时区或夏令时设置错误"
    ),
    "no_ntp": Text("it is set by hand, no time server is switched on", "手动设置时间，未启用时间服务器"),
    "ntp_fails": Text("it has a time server, and does not follow it", "已设置时间服务器，但未能同步"),
    "upgrade": Text("a firmware upgrade; it was noticed at the same device", "固件升级（已发现该设备固件变化）"),
    "restart": Text("a restart shortly before", "此前不久设备重启"),
    "tamper": Text("tampering", "防拆"),
    "scene_change": Text("scene changed", "场景变化"),
    "image_blurry": Text("picture blurred", "图像模糊"),
    "image_dark": Text("picture too dark", "图像过暗"),
    "image_bright": Text("picture too bright", "图像过亮"),
    "video_lost": Text("video lost", "视频丢失"),
    "video_covered": Text("video covered", "画面遮挡"),
    "fan_failed": Text("fan failed", "风扇故障"),
    "power_supply_failed": Text("power supply failed", "电源故障"),
    "temperature_critical": Text("temperature critical", "温度过高"),
    "storage_failed": Text("storage failed", "存储故障"),
    "storage_full": Text("storage full", "存储已满"),
    "storage_smart": Text("S.M.A.R.T. warns", "S.M.A.R.T. 预警"),
}

AHEAD: Final = Text("{duration} ahead", "快 {duration}")
BEHIND: Final = Text("{duration} behind", "慢 {duration}")
YES: Final = Text("yes", "是")
NO: Final = Text("no", "否")
SAME_MODEL: Final = Text("(model as on its label)", "（型号见机身铭牌）")
NOT_KNOWN: Final = Text("not known", "未知")

JOIN: Final = Text("; ", "；")  # between causes, remedies, things to bring
COMMA: Final = Text(", ", "、")
COLON: Final = Text(": ", "：")
GAP: Final = Text(" ", "")  # between sentences
STOP: Final = Text(".", "。")
STOPS: Final = ".!?。！？…"
