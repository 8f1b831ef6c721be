"""How is the site? What answers, what is wrong, who must act by when."""

from __future__ import annotations

from monitor.core.plan import Text
from monitor.export.grafana.dashboard import Dashboard, Row
from monitor.export.grafana.panels import (
    GREEN,
    ORANGE,
    RED,
    SEVERITIES,
    YELLOW,
    YES_OR_NO,
    Query,
    bars,
    lines,
    stat,
    table,
    thresholds,
    timeline,
)

_HERE = 'instance="$instance"'
_NAMED = f"on (instance, device) group_left (name) sitewarden_device_info{{{_HERE}}}"
_PLACED = f"on (instance, device) group_left (name, place, model) sitewarden_device_info{{{_HERE}}}"
_SHARE = thresholds((None, RED), (0.9, ORANGE), (0.98, YELLOW), (1, GREEN))
_FEW = thresholds((None, GREEN), (1, ORANGE), (10, RED))
_NONE = thresholds((None, GREEN), (1, RED))

_DEVICE = ("device", Text("Device", "设备"))
_NAME = ("name", Text("Name", "名称"))
_PLACE = ("place", Text("Place", "位置"))

_OVERVIEW = Row(
    Text("Now", "当前"),
    (
        stat(
            Text("Devices that answer", "设备在线率"),
            f"avg(sitewarden_device_up{{{_HERE}}})",
            unit="percentunit",
            steps=_SHARE,
        ),
        stat(
            Text("Good pictures", "画面正常率"),
            f"avg(sitewarden_picture_ok{{{_HERE}}})",
            unit="percentunit",
            steps=_SHARE,
        ),
        stat(Text("Tickets", "未结工单"), f"sum(sitewarden_tickets{{{_HERE}}})", steps=_FEW),
        stat(Text("Urgent", "紧急工单"), f'sum(sitewarden_tickets{{{_HERE},severity="urgent"}})', steps=_NONE),
        stat(
            Text("Beyond their time", "超时工单"),
            f"sum(sitewarden_sla_breached_tickets{{{_HERE}}})",
            steps=_NONE,
            hint=Text(
                "Service clocks that have run out, of tickets that are not over.", "未结工单中已超时的服务时限数量。"
            ),
        ),
        stat(
            Text("Next repair due", "最近修复时限"),
            f'sitewarden_sla_next_due_timestamp_seconds{{{_HERE},clock="fix"}} * 1000',
            unit="dateTimeFromNow",
        ),
        stat(
            Text("On battery", "电池供电"),
            f"max(sitewarden_ups_on_battery{{{_HERE}}})",
            mappings=YES_OR_NO,
            steps=_NONE,
        ),
        stat(
            Text("Monitor well", "监控程序"),
            f"sitewarden_ready{{{_HERE}}}",
            mappings=((0, Text("troubled", "异常"), RED), (1, Text("well", "正常"), GREEN)),
        ),
    ),
)

_TIME = Row(
    Text("Over time", "趋势"),
    (
        lines(
            Text("Tickets by urgency", "未结工单（按紧急程度）"),
            Query(f"sum by (severity) (sitewarden_tickets{{{_HERE}}})", "{{severity}}"),
            stacked=True,
            min=0,
            decimals=0,
        ),
        lines(
            Text("Devices that answer, by kind", "设备在线率（按类型）"),
            Query(f"avg by (kind) (sitewarden_device_up{{{_HERE}}})", "{{kind}}"),
            unit="percentunit",
            min=0,
            max=1,
        ),
        timeline(
            Text("Devices with faults", "故障设备时间线"),
            Query(
                f"sitewarden_device_fault_severity{{{_HERE}}} and on (instance, device) topk(30, max_over_time("
                f"sitewarden_device_fault_severity{{{_HERE}}}[$__range] @ end()) > 0)",
                "{{device}}",
            ),
            mappings=SEVERITIES,
            hint=Text("The thirty worst of the time shown.", "所选时间内最严重的三十台设备。"),
        ),
    ),
)

_WORST = Row(
    Text("Worst devices", "问题设备"),
    (
        table(
            Text("Least available", "可用率最低"),
            f"bottomk(15, avg_over_time(sitewarden_device_up{{{_HERE}}}[$__range])) * {_PLACED}",
            (_DEVICE, _NAME, _PLACE, ("model", Text("Model", "型号")), ("Value", Text("Available", "可用率"))),
            unit="percentunit",
            steps=thresholds((None, RED), (0.9, ORANGE), (0.98, YELLOW), (0.995, GREEN)),
            links_device=True,
        ),
        table(
            Text("Faults that hold", "当前故障"),
            f"sitewarden_device_faults{{{_HERE}}} * {_NAMED}",
            (
                _DEVICE,
                _NAME,
                ("fault", Text("Fault", "故障")),
                ("severity", Text("Urgency", "紧急程度")),
                ("Value", Text("Number", "数量")),
            ),
            links_device=True,
        ),
        bars(
            Text("Pictures by verdict", "画面诊断"),
            Query(f"count by (verdict) (sitewarden_picture_verdict{{{_HERE}}})", "{{verdict}}"),
        ),
        bars(
            Text("Clocks that are off", "时钟偏差最大"),
            Query(f"topk(10, abs(sitewarden_clock_offset_seconds{{{_HERE}}})) * {_NAMED}", "{{name}}"),
            unit="s",
            steps=thresholds((None, GREEN), (15, YELLOW), (30, RED)),
        ),
        bars(
            Text("Tickets by state", "工单状态"),
            Query(f"sum by (state) (sitewarden_tickets{{{_HERE}}}) > 0", "{{state}}"),
        ),
    ),
)

_POWER = Row(
    Text("Power, disks, certificates", "供电、硬盘、证书"),
    (
        lines(
            Text("Batteries: charge and load", "UPS 电量与负载"),
            Query(f"sitewarden_ups_battery_charge_ratio{{{_HERE}}}", Text("{{device}} charge", "{{device}} 电量")),
            Query(f"sitewarden_ups_load_ratio{{{_HERE}}}", Text("{{device}} load", "{{device}} 负载")),
            unit="percentunit",
            min=0,
            max=1,
            width=8,
        ),
        bars(
            Text("PoE: share of the budget", "PoE 功率占用"),
            Query(
                f"sitewarden_poe_used_watts{{{_HERE}}} / sitewarden_poe_budget_watts{{{_HERE}}}", "{{device}} {{poe}}"
            ),
            unit="percentunit",
            steps=thresholds((None, GREEN), (0.8, YELLOW), (0.95, RED)),
            looks={"max": 1},
        ),
        table(
            Text("Disks that are not well", "异常硬盘"),
            f"sitewarden_disk_healthy{{{_HERE}}} == 0",
            (_DEVICE, ("disk", Text("Disk", "硬盘")), _NAME, ("Value", Text("State", "状态"))),
            width=4,
            height=8,
            mappings=((0, Text("bad", "异常"), RED),),
            links_device=True,
        ),
        bars(
            Text("Certificates that end first", "最先到期的证书"),
            Query(f"bottomk(10, sitewarden_tls_certificate_remaining_seconds{{{_HERE}}})", "{{device}}"),
            unit="s",
            steps=thresholds((None, RED), (1_209_600, YELLOW), (2_592_000, GREEN)),
            width=4,
        ),
        table(
            Text("Availability of 30 days by kind", "30 天可用率（按类型）"),
            f"instance_kind:sitewarden_device_up:avg30d{{{_HERE}}}",
            (("kind", Text("Kind", "类型")), ("Value", Text("Available", "可用率"))),
            unit="percentunit",
            width=12,
            height=6,
            hint=Text(
                "Recorded by config/prometheus/sitewarden.rules.yml.",
                "由 config/prometheus/sitewarden.rules.yml 记录。",
            ),
        ),
        table(
            Text("Availability of a day by kind", "1 天可用率（按类型）"),
            f"instance_kind:sitewarden_device_up:avg1d{{{_HERE}}}",
            (("kind", Text("Kind", "类型")), ("Value", Text("Available", "可用率"))),
            unit="percentunit",
            width=12,
            height=6,
        ),
    ),
)

SITE = Dashboard("site", Text("Sitewarden: the site", "Sitewarden：站点"), (_OVERVIEW, _TIME, _WORST, _POWER))
