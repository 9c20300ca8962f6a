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
            call.Outlet.Write(Answer.Many([.. call.Settings.All.Select(static setting => setting with { Value = Shown(setting) })],
                static setting => setting.Name, screen =>
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
                (setting.Name, Tone.Strong), setting.Value is not null ? Shown(setting) : (screen.Glyphs.None, Tone.Dim),
                (withOrigin ? setting.Origin : "", Tone.Dim));
        }

        return table.Draw(screen);
    }

    /// <summary>A secret is shown as the file that holds it, or not at all.</summary>
    static string Shown(Setting setting) => setting switch
    {
        { Value: null } => "",
        _ when !Settings.Secrets.Contains(setting.Name, StringComparer.Ordinal) => setting.Value,
        _ when setting.Value.StartsWith(Settings.FileScheme, StringComparison.Ordinal) => setting.Value,
        _ => "(set)",
    };
}
