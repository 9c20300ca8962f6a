using System.CommandLine;
using Lineage.Cli.Configuration;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>config show [--origin]</c>: the settings that hold here, and where each came from.</summary>
internal static class ConfigVerb
{
    public static Command Create(Globals globals)
    {
        var origin = new Option<bool>("--origin") { Description = "Say where each value came from." };
        var show = globals.Runs(new Command("show", "Settings that hold here.") { origin }, (call, _) =>
        {
            var withOrigin = call.Value(origin);
            call.Outlet.Write(Answer.Many(call.Settings.All, static setting => setting.Name, screen =>
                Page(call.Settings.All, withOrigin, screen)));
            return Task.FromResult(ExitCodes.Done);
        });
        return new Command("config", "Settings.") { show };
    }

    static IReadOnlyList<Line> Page(IReadOnlyList<Setting> settings, bool withOrigin, Screen screen)
    {
        var table = new Table(new Column("SETTING"), new Column("VALUE"), new Column(withOrigin ? "ORIGIN" : ""));
        foreach (var setting in settings)
        {
            table.Add(
                (setting.Name, Tone.Strong), setting.Value is { } value ? WithoutSecret(value) : (screen.Glyphs.None, Tone.Dim),
                (withOrigin ? setting.Origin : "", Tone.Dim));
        }

        return table.Draw(screen);
    }

    /// <summary>A broker's or a database's address may carry a password.</summary>
    static string WithoutSecret(string value) => Uri.TryCreate(value, UriKind.Absolute, out var address)
        && address.UserInfo.Contains(':', StringComparison.Ordinal)
        ? value.Replace(address.UserInfo, address.UserInfo.Split(':')[0] + ":***", StringComparison.Ordinal)
        : value;
}
