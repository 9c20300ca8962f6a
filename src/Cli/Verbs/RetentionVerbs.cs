using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>retention show|set|plan|apply|undo</c>, and <c>checkpoint holders</c>.</summary>
internal static class RetentionVerbs
{
    static readonly string[] Undoable = ["RUN --plan DIGEST", "CHECKPOINT"];

    public static Command Create(Globals globals) => new("retention", "Which checkpoints of a run stay, which go, and why.")
    {
        Show(globals), Set(globals), Plan(globals), Apply(globals), Undo(globals),
    };

    static Command Show(Globals globals)
    {
        var run = Inputs.Run();
        return globals.Runs(new Command("show", "The retention policy of a run.") { run }, async (call, ct) =>
        {
            using var client = call.Client();
            var plan = await client.GetRetentionPlanAsync(call.Value(run), whatIf: null, ct);
            call.Outlet.Write(Answer.One(
                new RetentionShown(plan.Run, plan.Policy, plan.Kept, plan.Expiring, plan.KeptBytes, plan.FreedBytes, plan.Digest),
                plan.Run.ToString(), screen => RetentionPage.Show(plan, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Set(Globals globals)
    {
        var (run, policy) = (Inputs.Run(), new PolicyInputs());
        var everything = new Option<bool>("--keep-everything") { Description = "No policy: nothing ever expires." };
        var reason = Reason("Why, for the record", "set on the command line");
        var command = new Command("set", "Sets the retention policy of a run; nothing expires by this alone.") { run, everything, reason };
        policy.AddTo(command);
        command.Validators.Add(result =>
        {
            if (policy.IsGiven(result) == result.GetValue(everything))
                result.AddError("Give either rules (--latest, --best, --daily, --weekly, --grace, --verified-min) or --keep-everything.");
        });
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var wanted = call.Value(everything) ? null : policy.Value(call, from: null);
            await client.ChangeRetentionAsync(call.Value(run), new ChangeRetention(wanted, call.Value(reason)!), ct);
            var plan = await client.GetRetentionPlanAsync(call.Value(run), whatIf: null, ct);
            call.Outlet.Write(Answer.One(plan, plan.Run.ToString(), screen => RetentionPage.Plan(plan, whatIf: false, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Plan(Globals globals)
    {
        var (run, policy) = (Inputs.Run(), new PolicyInputs());
        var command = new Command("plan", "Per checkpoint, why it stays or goes. With rules: what they would mean.") { run };
        policy.AddTo(command);
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var own = await client.GetRetentionPlanAsync(call.Value(run), whatIf: null, ct);
            var whatIf = policy.IsGiven(call) && policy.Value(call, own.Policy) is var tried && tried != own.Policy;
            var plan = whatIf ? await client.GetRetentionPlanAsync(call.Value(run), policy.Value(call, own.Policy), ct) : own;
            call.Outlet.Write(Answer.Report(
                plan, plan.Entries, static entry => entry.Checkpoint.ToString(), screen => RetentionPage.Plan(plan, whatIf, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Apply(Globals globals)
    {
        var run = Inputs.Run();
        var digest = Digest("The plan that was looked at, as 'plan' printed it.");
        var yes = new Option<bool>("--yes", "-y") { Description = "Apply the present plan without having named it." };
        var command = new Command("apply", "Expires what a plan says; bytes stay until the grace is over.") { run, digest, yes };
        command.Validators.Add(result =>
        {
            if (result.GetValue(digest) is null && !result.GetValue(yes))
                result.AddError(
                    "Name the plan with --plan DIGEST ('lineage retention plan RUN' prints it), or take the present one with --yes.");
        });
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var plan = call.Value(digest) ?? (await client.GetRetentionPlanAsync(call.Value(run), whatIf: null, ct)).Digest;
            var applied = await client.ApplyRetentionAsync(call.Value(run), new ApplyRetention(plan, client.Actor), ct);
            call.Outlet.Write(Answer.Report(
                applied, applied.Expired, static gone => gone.Checkpoint.ToString(), screen => RetentionPage.Applied(applied, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Undo(Globals globals)
    {
        var target = new Argument<string>("REF") { Description = "A checkpoint; with --plan, a run." };
        var digest = Digest("Take back everything that this plan expired.");
        var unpinned = new Option<bool>("--no-pin") { Description = "Do not pin it; the next plan may expire it again." };
        var reason = Reason("Why, for the record", "undone on the command line");
        var command = new Command("undo", $"Takes an expiry back while the bytes are there: {string.Join(" or ", Undoable)}.")
        {
            target, digest, unpinned, reason,
        };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            if (call.Value(digest) is { } plan) return await UndoPlanAsync(call, client, call.Value(target), plan, call.Value(reason)!, ct);
            var id = await call.CheckpointAsync(client, call.Value(target), ct);
            var view = await client.UndoExpiryAsync(id, new UndoExpiry(client.Actor, call.Value(reason)!, !call.Value(unpinned)), ct);
            call.Outlet.Write(Answer.One(view, id.ToString(), screen => CheckpointPage.Draw(view, [], screen)));
            return ExitCodes.Done;
        });
    }

    static async Task<int> UndoPlanAsync(
        Invocation call, Agents.Client.LineageClient client, string target, ContentHash plan, string reason, CancellationToken ct)
    {
        var run = (await client.ResolveAsync(target, ct)).Run;
        var undone = await client.UndoRetentionPlanAsync(run, new UndoPlan(plan, client.Actor, reason), ct);
        call.Outlet.Write(Answer.One(undone, run.ToString(), screen => RetentionPage.Undone(undone, screen)));
        return undone.TooLate.Count == 0 ? ExitCodes.Done : ExitCodes.Partial;
    }

    public static Command Holders(Globals globals)
    {
        var (reference, asOf) = (Inputs.Reference(), QuestionVerbs.AsOf());
        var command = new Command("holders", "Whether it is safe to delete, or everything that holds it.") { reference, asOf };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var holders = await client.GetHoldersAsync(id, call.Value(asOf), ct);
            call.Outlet.Write(Answer.Report(
                holders, holders.HeldBy, static reason => reason.Rule.ToString(), screen => RetentionPage.Holders(holders, screen)));
            return ExitCodes.Done;
        });
    }

    static Option<ContentHash?> Digest(string description) =>
        Inputs.Value("--plan", description, "DIGEST", ContentHash.Parse);

    static Option<string> Reason(string description, string standard) => new("--reason")
    {
        Description = $"{description} (default: {standard}).",
        HelpName = "TEXT",
        DefaultValueFactory = _ => standard,
    };
}
