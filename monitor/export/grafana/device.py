"""How is one device? Whether it answers, how fast, what its picture and its agent say."""

from __future__ import annotations

from monitor.core.plan import Text
from monitor.export.grafana.dashboard import Dashboard, Row
from monitor.export.grafana.panels import (
    GOOD_OR_BAD,
    GREEN,
    ORANGE,
    RED,
    SEVERITIES,
    UP_OR_DOWN,
    YELLOW,
    YES_OR_NO,
    Query,
    lines,
    stat,
    table,
    thresholds,
    timeline,
)

_THIS = 'instance="$instance",device="$device"'


def _rate(name: str) -> str:
    return f"rate({name}{{{_THIS}}}[$__rate_interval])"


def _of(name: str) -> str:
    return f"{name}{{{_THIS}}}"


_NOW = Row(
    Text("Now", "当前"),
    (
        stat(Text("Answers", "在线"), _of("sitewarden_device_up"), mappings=UP_OR_DOWN),
        stat(Text("Worst fault", "最严重故障"), _of("sitewarden_device_fault_severity"), mappings=SEVERITIES),
        stat(
            Text("Tickets", "未结工单"),
            f"sum({_of('sitewarden_device_tickets')}) or sum(sitewarden_device_info{{{_THIS}}}) * 0",
            steps=thresholds((None, GREEN), (1, ORANGE), (3, RED)),
        ),
        stat(
            Text("Available in the time shown", "所选时间可用率"),
            f"avg_over_time({_of('sitewarden_device_up')}[$__range])",
            unit="percentunit",
            steps=thresholds((None, RED), (0.95, ORANGE), (0.99, YELLOW), (0.999, GREEN)),
        ),
        stat(
            Text("Last look", "最近检测"),
            f"time() - max({_of('sitewarden_check_last_look_timestamp_seconds')})",
            unit="s",
            steps=thresholds((None, GREEN), (300, YELLOW), (900, RED)),
        ),
        stat(
            Text("Clock", "时钟偏差"),
            _of("sitewarden_clock_offset_seconds"),
            unit="s",
            steps=thresholds((None, RED), (-30, YELLOW), (-15, GREEN), (15, YELLOW), (30, RED)),
        ),
        stat(Text("Picture", "画面"), _of("sitewarden_picture_ok"), mappings=GOOD_OR_BAD),
        stat(Text("Running since", "运行时长"), _of("sitewarden_device_uptime_seconds"), unit="dtdurations"),
    ),
)

_CHECKS = Row(
    Text("Checks", "检测项"),
    (
        timeline(
            Text("Faults", "故障"),
            Query(_of("sitewarden_device_fault_severity"), Text("worst", "最严重")),
            mappings=SEVERITIES,
            height=4,
        ),
        timeline(
            Text("Answers by check", "各检测项响应"),
            Query(_of("sitewarden_check_up"), "{{check}}"),
            mappings=UP_OR_DOWN,
            height=8,
        ),
        lines(
            Text("Duration of looks", "检测用时"),
            Query(_of("sitewarden_check_duration_seconds"), "{{check}}"),
            unit="s",
            min=0,
        ),
        lines(
            Text("Network", "网络"),
            Query(_of("sitewarden_icmp_round_trip_seconds"), Text("round trip", "往返时延")),
            Query(_of("sitewarden_tcp_connect_seconds"), Text("connect", "建立连接")),
            Query(_of("sitewarden_rtsp_first_packet_seconds"), Text("first RTP packet", "首个 RTP 包")),
            unit="s",
            min=0,
        ),
        table(
            Text("Faults that hold", "当前故障"),
            _of("sitewarden_device_faults"),
            (
                ("fault", Text("Fault", "故障")),
                ("severity", Text("Urgency", "紧急程度")),
                ("Value", Text("Number", "数量")),
            ),
            height=6,
        ),
        lines(
            Text("Clock minus true time", "时钟偏差"),
            Query(_of("sitewarden_clock_offset_seconds"), Text("offset", "偏差")),
            unit="s",
            height=6,
        ),
    ),
)

_PICTURE = Row(
    Text("Picture", "画面"),
    (
        timeline(
            Text("Verdict", "诊断结果"),
            Query(_of("sitewarden_picture_verdict"), "{{verdict}}"),
            mappings=((1, Text("seen", "出现"), GREEN),),
            height=6,
        ),
        lines(
            Text("Brightness", "亮度"),
            Query(_of("sitewarden_frame_luma_mean"), Text("mean", "平均")),
            Query(_of("sitewarden_frame_luma_p01"), Text("darkest 1 %", "最暗 1 %")),
            Query(_of("sitewarden_frame_luma_p99"), Text("brightest 1 %", "最亮 1 %")),
            Query(_of("sitewarden_frame_luma_stddev"), Text("spread", "离散度")),
            min=0,
            max=255,
            width=8,
        ),
        lines(
            Text("Structure and change", "纹理与变化"),
            Query(_of("sitewarden_frame_texture"), Text("texture", "纹理")),
            Query(_of("sitewarden_frame_change_mean"), Text("change", "变化")),
            min=0,
            width=8,
        ),
        lines(
            Text("Shares of the picture", "画面占比"),
            Query(_of("sitewarden_frame_clipped_ratio"), Text("over-exposed", "过曝")),
            Query(_of("sitewarden_frame_dark_ratio"), Text("dark", "过暗")),
            Query(_of("sitewarden_frame_dominant_ratio"), Text("commonest colour", "主色")),
            unit="percentunit",
            min=0,
            max=1,
            width=8,
        ),
    ),
)

_AGENT = Row(
    Text("System, disks, channels", "系统、硬盘、通道"),
    (
        lines(
            Text("Load", "负载"),
            Query(_of("sitewarden_device_cpu_ratio"), Text("processor", "处理器")),
            Query(_of("sitewarden_device_memory_used_ratio"), Text("memory", "内存")),
            unit="percentunit",
            min=0,
            max=1,
            width=8,
        ),
        lines(
            Text("Sensors", "传感器"),
            Query(_of("sitewarden_device_temperature_celsius"), Text("device °C", "设备 °C")),
            Query(_of("sitewarden_sensor_value"), "{{name}} ({{kind}})"),
            width=8,
        ),
        lines(
            Text("Disks: used", "硬盘使用率"),
            Query(_of("sitewarden_disk_used_ratio"), "{{disk}} {{name}}"),
            Query(_of("sitewarden_storage_used_ratio"), "{{storage}} {{name}}"),
            unit="percentunit",
            min=0,
            max=1,
            width=8,
        ),
        timeline(
            Text("Disks", "硬盘状态"),
            Query(_of("sitewarden_disk_healthy"), "{{disk}} {{name}}"),
            mappings=GOOD_OR_BAD,
            width=12,
            height=7,
        ),
        timeline(
            Text("Channels", "录像通道"),
            Query(_of("sitewarden_channel_online"), "{{channel}} {{name}}"),
            mappings=UP_OR_DOWN,
            width=12,
            height=7,
        ),
    ),
)

_PORTS = Row(
    Text("Ports", "端口"),
    (
        timeline(
            Text("Interfaces", "网络接口"),
            Query(_of("sitewarden_interface_up"), "{{name}}"),
            mappings=UP_OR_DOWN,
            width=12,
        ),
        timeline(
            Text("PoE ports that deliver", "PoE 供电端口"),
            Query(_of("sitewarden_poe_port_delivering"), "{{poe_port}}"),
            mappings=((0, Text("off", "未供电"), "#8e8e8e"), (1, Text("delivers", "供电"), GREEN)),
            width=12,
        ),
        lines(
            Text("PoE power", "PoE 功率"),
            Query(_of("sitewarden_poe_used_watts"), Text("{{poe}} used", "{{poe}} 已用")),
            Query(_of("sitewarden_poe_budget_watts"), Text("{{poe}} budget", "{{poe}} 预算")),
            unit="watt",
            min=0,
        ),
        lines(
            Text("Damaged and dropped packets", "错误与丢弃报文"),
            Query(
                _rate("sitewarden_interface_receive_errors_total") + " > 0",
                Text("{{name}} in, damaged", "{{name}} 接收错误"),
            ),
            Query(
                _rate("sitewarden_interface_transmit_errors_total") + " > 0",
                Text("{{name}} out, failed", "{{name}} 发送错误"),
            ),
            Query(
                _rate("sitewarden_interface_receive_discards_total") + " > 0",
                Text("{{name}} in, dropped", "{{name}} 接收丢弃"),
            ),
            Query(
                _rate("sitewarden_interface_transmit_discards_total") + " > 0",
                Text("{{name}} out, dropped", "{{name}} 发送丢弃"),
            ),
            unit="pps",
            min=0,
        ),
    ),
)

_POWER = Row(
    Text("Power", "供电"),
    (
        timeline(
            Text("On battery", "电池供电"),
            Query(_of("sitewarden_ups_on_battery"), Text("on battery", "电池供电")),
            Query(_of("sitewarden_ups_battery_low"), Text("battery low", "电量低")),
            mappings=YES_OR_NO,
            height=5,
        ),
        lines(
            Text("Charge and load", "电量与负载"),
            Query(_of("sitewarden_ups_battery_charge_ratio"), Text("charge", "电量")),
            Query(_of("sitewarden_ups_load_ratio"), Text("load", "负载")),
            unit="percentunit",
            min=0,
            max=1,
            width=8,
        ),
        lines(
            Text("Time left", "剩余时间"),
            Query(_of("sitewarden_ups_runtime_left_seconds"), Text("left", "剩余")),
            unit="s",
            min=0,
            width=8,
        ),
        lines(
            Text("Volts", "电压"),
            Query(_of("sitewarden_ups_input_volts"), Text("mains", "市电")),
            Query(_of("sitewarden_ups_output_volts"), Text("output", "输出")),
            unit="volt",
            min=0,
            width=8,
        ),
    ),
)

DEVICE = Dashboard(
    "device",
    Text("Sitewarden: one device", "Sitewarden：设备"),
    (_NOW, _CHECKS, _PICTURE, _AGENT, _PORTS, _POWER),
    device=True,
)
