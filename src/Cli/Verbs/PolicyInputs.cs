using System.CommandLine;
using System.CommandLine.Parsing;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary>The rules of a retention policy as options. What is not given stays as it is in the policy that they go over.</summary>
internal sealed class PolicyInputs
{
    const int KeepMax = 100_000, GraceMax = 366 * 86_400;

    static readonly RetentionPolicy Standard = new();

    readonly Option<int> latest = Inputs.Count("--latest", "Keep so many newest restore points", Standard.Latest, 0, KeepMax);
    readonly Option<int> best = Inputs.Count("--best", "Keep so many best ones by the metric of --by", Standard.Best, 0, KeepMax);
    readonly Option<int> daily = Inputs.Count("--daily", "Keep the last one of so many days (UTC)", Standard.Daily, 0, KeepMax);
    readonly Option<int> weekly = Inputs.Count("--weekly", "Keep the last one of so many ISO weeks (UTC)", Standard.Weekly, 0, KeepMax);
    readonly Option<int> grace = Inputs.Count(
        "--grace", "Seconds between expiry and the deletion of bytes", Standard.GraceSeconds, 0, GraceMax);
    readonly Option<int> least = Inputs.Count(
        "--verified-min", "Verified checkpoints that stay whatever the rules say", Standard.VerifiedMin, 1, KeepMax);
    readonly Option<string?> by = new("--by") { Description = "Metric that --best ranks by.", HelpName = "METRIC" };
    readonly Option<bool> higher = new("--higher-is-better") { Description = "A greater value of the metric is the better one." };

    Option[] All => [latest, best, by, higher, daily, weekly, grace, least];

    public void AddTo(Command command)
    {
        foreach (var option in All) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(best) is { Implicit: false } && result.GetValue(best) > 0 && result.GetResult(by) is null)
                result.AddError("--best needs --by METRIC: the name of a recorded metric.");
        });
    }

    public bool IsGiven(CommandResult result) => All.Any(option => result.GetResult(option) is { Implicit: false });

    public bool IsGiven(Invocation call) => All.Any(call.IsGiven);

    public RetentionPolicy Value(Invocation call, RetentionPolicy? from)
    {
        var over = from ?? Standard;
        int Of(Option<int> option, int otherwise) => call.IsGiven(option) ? call.Value(option) : otherwise;
        return new RetentionPolicy(
            Of(latest, over.Latest), Of(best, over.Best), call.IsGiven(by) ? call.Value(by) : over.BestBy,
            call.IsGiven(higher) ? (call.Value(higher) ? MetricOrder.HigherIsBetter : MetricOrder.LowerIsBetter) : over.BestOrder,
            Of(daily, over.Daily), Of(weekly, over.Weekly), Of(grace, over.GraceSeconds), Of(least, over.VerifiedMin));
    }
}
