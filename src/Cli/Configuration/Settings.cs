using System.Text.Json;

namespace Lineage.Cli.Configuration;

/// <summary>One setting, its value and where that came from; null when nothing sets it.</summary>
internal sealed record Setting(string Name, string? Value, string Origin);

/// <summary>A file of settings that was found: an object of strings, names as in <see cref="Settings.Names"/>.</summary>
internal sealed record SettingsFile(string Path, IReadOnlyDictionary<string, string> Values)
{
    /// <exception cref="FormatException">It is no object of known names with strings; the message says what was found.</exception>
    public static SettingsFile Parse(string path, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                throw new FormatException(
                    $"{path} holds a {document.RootElement.ValueKind}; " +
                    "expected an object such as {\"server\": \"http://127.0.0.1:8217\"}.");
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (!Settings.Names.Contains(member.Name, StringComparer.Ordinal))
                    throw new FormatException(
                        $"{path} sets \"{member.Name}\", which is no setting; expected {string.Join(", ", Settings.Names)}.");
                if (member.Value.ValueKind is not JsonValueKind.String)
                    throw new FormatException($"{path} sets {member.Name} to a {member.Value.ValueKind}; expected a string.");
                values[member.Name] = member.Value.GetString()!;
            }

            return new SettingsFile(path, values);
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path} is no JSON: {e.Message}", e);
        }
    }
}

/// <summary>
/// Which value holds: flag, then environment (<c>LINEAGE_{NAME}</c>), then the project's file, then the user's, then what a running
/// server left in the state directory, then the default. Pure; the program reads environment and files.
/// </summary>
internal sealed class Settings
{
    public const string Server = "server", State = "state", Store = "store", Output = "output", Postgres = "postgres", Broker = "broker",
        Key = "key";
    public const string DefaultServer = "http://127.0.0.1:8217", ProjectFileName = ".lineage.json";

    /// <summary>A secret may be named by the file that holds it.</summary>
    public const string FileScheme = "file://";

    /// <summary>What may hold a password: never a flag, because every user of a machine can read every command line.</summary>
    public static readonly IReadOnlyList<string> Secrets = [Postgres, Broker, Key];

    readonly Dictionary<string, Setting> settings;

    Settings(Dictionary<string, Setting> settings) => this.settings = settings;

    public static IReadOnlyList<string> Names { get; } = [Server, State, Store, Output, Postgres, Broker, Key];

    public Setting this[string name] => settings[name];

    public IReadOnlyList<Setting> All => [.. Names.Select(name => settings[name])];

    /// <param name="flags">What the command line set.</param>
    /// <param name="environment">Value of an environment variable; null or empty when unset.</param>
    /// <param name="files">Nearest first: the project's, then the user's.</param>
    /// <param name="defaultState">The XDG state directory of this user.</param>
    /// <param name="recordedServer">Address that a server left in a state directory; null if none did.</param>
    public static Settings Resolve(
        IReadOnlyDictionary<string, string> flags, Func<string, string?> environment, IReadOnlyList<SettingsFile> files,
        string defaultState, Func<string, string?> recordedServer)
    {
        var settings = Names.ToDictionary(
            static name => name, name => Given(name, flags, environment, files) ?? new Setting(name, null, "not set"),
            StringComparer.Ordinal);
        if (settings[State].Value is null) settings[State] = new Setting(State, defaultState, "default");
        var state = settings[State].Value!;
        if (settings[Server].Value is null)
        {
            settings[Server] = recordedServer(state) is { } recorded
                ? new Setting(Server, recorded, Path.Combine(state, "server.json"))
                : new Setting(Server, DefaultServer, "default");
        }

        if (settings[Store].Value is null) settings[Store] = new Setting(Store, Path.Combine(state, "store"), $"default, in {State}");
        return new Settings(settings);
    }

    static Setting? Given(
        string name, IReadOnlyDictionary<string, string> flags, Func<string, string?> environment, IReadOnlyList<SettingsFile> files)
    {
        if (flags.TryGetValue(name, out var flag)) return new Setting(name, flag, $"--{name}");
        var variable = $"LINEAGE_{name.ToUpperInvariant()}";
        if (environment(variable) is { Length: > 0 } value) return new Setting(name, value, variable);
        if (Secrets.Contains(name, StringComparer.Ordinal) && environment(variable + "_FILE") is { Length: > 0 } path)
            return new Setting(name, FileScheme + path, variable + "_FILE");
        foreach (var file in files)
            if (file.Values.TryGetValue(name, out var set)) return new Setting(name, set, file.Path);
        return null;
    }
}
