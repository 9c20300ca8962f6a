using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>run retention</c>: what is kept of a run.</summary>
internal sealed class RetentionVerb
{
    readonly Argument<RunId> run = Inputs.Run();
    readonly Option<string?> reason = RunChangeVerbs.Optional();
    readonly Option<bool> all = new("--keep-everything") { Description = "No retention." };
    readonly Option<int?> latest = Number("--latest", "Newest verified ones to keep.");
    readonly Option<int?> best = Number("--best", "Best ones by a metric to keep.");
    readonly Option<string?> by = new("--by") { Description = "The metric.", HelpName = "METRIC" };
    readonly Option<bool> max = new("--higher-is-better") { Description = "Higher values of the metric are better." };
    readonly Option<int?> daily = Number("--daily", "Days of which the last one is kept.");
    readonly Option<int?> weekly = Number("--weekly", "Weeks of which the last one is kept.");
    readonly Option<int?> grace = Number("--grace", "Seconds between expiry and deletion.");

    Option[] Rules => [latest, best, by, max, daily, weekly, grace];

    public static Command Create(Globals globals)
    {
        var verb = new RetentionVerb();
        var command = new Command("retention", "What is kept of a run; with options, what is kept from now on.")
        {
            verb.run, verb.reason, verb.all,
        };
        foreach (var rule in verb.Rules) command.Options.Add(rule);
        command.Validators.Add(result =>
        {
            if (result.GetValue(verb.all) && verb.Rules.Any(rule => result.GetResult(rule) is { Implicit: false }))
                result.AddError("--keep-everything excludes every rule; leave one of them out.");
        });
        return globals.Runs(command, verb.RunAsync);
    }

    async Task<int> RunAsync(Invocation call, CancellationToken ct)
    {
        using var client = call.Client();
        var view = await client.GetRunAsync(call.Value(run), ct);
        if (call.Value(all) || Rules.Any(call.IsGiven)) view = await ChangeAsync(call, client, view, ct);
        RunChangeVerbs.Write(call, view);
        return ExitCodes.Done;
    }

    /// <summary>What was not given stays as it is, or as a first policy has it.</summary>
    Task<RunView> ChangeAsync(Invocation call, LineageClient client, RunView view, CancellationToken ct)
    {
        var old = view.Retention ?? new RetentionPolicy();
        var policy = call.Value(all) ? null : old with
        {
            Latest = call.Value(latest) ?? old.Latest,
            Best = call.Value(best) ?? old.Best,
            BestBy = call.Value(by) ?? old.BestBy,
            BestOrder = call.IsGiven(max) ? MetricOrder.HigherIsBetter : old.BestOrder,
            Daily = call.Value(daily) ?? old.Daily,
            Weekly = call.Value(weekly) ?? old.Weekly,
            GraceSeconds = call.Value(grace) ?? old.GraceSeconds,
        };
        return client.ChangeRetentionAsync(view.Run, new ChangeRetention(policy, RunChangeVerbs.Given(call, reason)), ct);
    }

    static Option<int?> Number(string name, string description) => Inputs.Value(name, description, "N", RunChangeVerbs.Int);
}
