using System.Text.Json;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Tests.Property.Cli;

public class AuditPageTests
{
    static readonly AuditEvent Pinned = new(
        4, "checkpoint/demo/1/10", 9, "checkpoint-pinned.v1", Sample.Ago(60), "person:ada", "c-1", null, "m-1",
        Sample.Hash("d").ToString(), Sample.Hash("l").ToString(), "pinned by person:ada: paper",
        JsonElement.Parse("""{"reason":"paper"}"""));

    static readonly AuditEvent Access = Pinned with
    {
        Stream = "access/host-1-4711/2026-11-24",
        Version = 2,
        Name = "access-recorded.v1",
        Actor = "server",
        Summary = "8 requests answered, 6 of them refused",
        Body = JsonElement.Parse("""
            {"at":"2026-11-24T11:59:00+00:00","server":"host-1-4711","entries":[
            {"actor":"person:ada","at":"2026-11-24T11:58:59+00:00","code":null,"correlation":null,"operation":"get-chain",
            "status":200,"target":"demo/1/10"},
            {"actor":"person:eve","at":"2026-11-24T11:58:59.5+00:00","code":"not-authorised","correlation":null,"count":6,
            "operation":"export-audit","status":403,"target":"/v1/audit/export"}]}
            """),
    };

    [Fact]
    public void Events_are_one_line_each_with_their_place() =>
        GoldenPage.Check("audit-list", AuditPage.List([Pinned, Access], refusals: false, Sample.Wide));

    [Fact]
    public void Refusals_are_one_line_each_with_code_and_number() =>
        GoldenPage.Check("audit-refusals", AuditPage.List([Access], refusals: true, Sample.Wide));

    [Fact]
    public void An_event_is_shown_whole() => GoldenPage.Check("audit-event", AuditPage.Event(Pinned, Sample.Wide));

    [Fact]
    public void A_verification_names_what_does_not_hold_and_how_fast_it_was() => GoldenPage.Check("audit-verify", AuditPage.Report(
        new AuditReport(
            new AuditSummary(Sample.Now, null, 1_204, 96_310, 12, 2, 1, 2.4),
            new HeadsReport("heads.jsonl", Sample.Ago(86_400), 1_180, Sample.Hash("h"), 1),
            [
                new("checkpoint/demo/1/10", 3, AuditDamage.Reordered, "the event that was appended here stands at 5", 3, "shard-stored.v1",
                    Sample.Now, "server", 2),
                new("run/demo", 4, AuditDamage.HeadReplaced, "when the heads were written, the link here was 4f1c…", 9,
                    "lease-granted.v1", Sample.Now, "server", 0),
            ]),
        Sample.Wide with { Width = 120 }));

    [Fact]
    public void A_record_that_holds_is_said_in_a_line() => GoldenPage.Check("audit-intact", AuditPage.Report(
        new AuditReport(new AuditSummary(Sample.Now, Sample.Run, 9, 74, 0, 0, 0, 0.01), null, []), Sample.Ascii));
}
