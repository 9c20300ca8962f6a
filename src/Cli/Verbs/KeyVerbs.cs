using System.CommandLine;
using System.Text;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>key issue</c>, <c>key list</c>, <c>key revoke</c>, <c>key who</c>: who may ask the service for what.</summary>
internal static class KeyVerbs
{
    const int KeysMax = 100_000;

    public static Command Create(Globals globals) => new("key", "API keys: who may ask the service for what.")
    {
        Issue(globals), List(globals), Revoke(globals), Who(globals),
    };

    static Command Issue(Globals globals)
    {
        var actor = Inputs.Value<ActorId>(
            "--actor", "In whose name the key acts, for example launcher:cluster-a or person:ada.", "ACTOR", ActorId.Parse);
        var roles = new Option<Role[]>("--role")
        {
            Description = "What it may do; may be given more than once.",
            HelpName = string.Join('|', Enum.GetNames<Role>().Select(static name => name.ToLowerInvariant())),
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        var run = Inputs.Value<RunId>("--run", "The only run that it may touch (default: every run).", "RUN", RunId.Parse);
        var days = new Option<int?>("--days") { Description = "Days until it expires (default: never by itself).", HelpName = "N" };
        var to = new Option<string?>("--to") { Description = "Write the key to this new file, for you only.", HelpName = "FILE" };
        actor.Required = true;
        return globals.Runs(new Command("issue", "Issues a key and shows it, once.") { actor, roles, run, days, to }, async (call, ct) =>
        {
            using var client = call.Client();
            using var file = call.Value(to) is { } path ? Create(path) : null;
            var issued = await client.IssueKeyAsync(
                new IssueKey(call.Value(actor)!.Value, call.Value(roles)!, call.Value(run), call.Value(days)), ct);
            if (file is not null)
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(issued.Secret + "\n"), CancellationToken.None);
                file.Flush(flushToDisk: true);
                call.Outlet.Narrate($"The key is in {file.Name}. Use it with --key-file or LINEAGE_KEY_FILE.");
                call.Outlet.Write(Answer.One(issued.Key, issued.Key.Key, screen => KeyPage.Draw([issued.Key], screen)));
            }
            else
            {
                call.Outlet.Write(Answer.One(issued, issued.Secret, screen => KeyPage.Draw(issued, screen)));
                call.Outlet.Narrate("Only its hash is kept: it cannot be shown again.");
            }

            return ExitCodes.Done;
        });
    }

    /// <summary>Made before the key is: a key that could not be kept would be lost.</summary>
    static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    static Command List(Globals globals) =>
        globals.Runs(new Command("list", "Keys: whose, for what, until when."), async (call, ct) =>
        {
            using var client = call.Client();
            var keys = await Invocation.AllAsync<KeyView>(client.ListKeysAsync, KeysMax, ct);
            call.Outlet.Write(Answer.Many(keys, static key => key.Key, screen => KeyPage.Draw(keys, screen)));
            return ExitCodes.Done;
        });

    static Command Revoke(Globals globals)
    {
        var key = new Argument<string>("key") { Description = "Id of the key, as 'key list' shows it.", HelpName = "KEY" };
        var reason = new Option<string>("--reason") { Description = "Why; goes on record.", HelpName = "TEXT", Required = true };
        return globals.Runs(new Command("revoke", "Ends a key at once.") { key, reason }, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.RevokeKeyAsync(call.Value(key), new RevokeKey(call.Value(reason)!), ct);
            call.Outlet.Write(Answer.One(view, view.Key, screen => KeyPage.Draw([view], screen)));
            return ExitCodes.Done;
        });
    }

    static Command Who(Globals globals) =>
        globals.Runs(new Command("who", "Who the service takes you for."), async (call, ct) =>
        {
            using var client = call.Client();
            var caller = await client.GetCallerAsync(ct);
            call.Outlet.Write(Answer.One(caller, caller.Actor?.ToString() ?? caller.By, screen => KeyPage.Draw(caller, screen)));
            return ExitCodes.Done;
        });
}
