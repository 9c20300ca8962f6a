using System.Text.Json;

namespace Lineage.Cli.Configuration;

/// <summary>Reads what <see cref="Settings"/> decides from: environment, settings files and the address a running server left.</summary>
internal static class SettingsOnDisk
{
    /// <exception cref="FormatException">A settings file says something that is no setting.</exception>
    public static Settings Read(IReadOnlyDictionary<string, string> flags)
    {
        var files = new[] { ProjectFile(), UserFile() }
            .OfType<string>().Where(File.Exists).Select(static path => SettingsFile.Parse(path, File.ReadAllText(path))).ToArray();
        return Settings.Resolve(flags, Environment.GetEnvironmentVariable, files, DefaultState(), RecordedServer);
    }

    /// <summary>The nearest one on the way up from the working directory, as git does it.</summary>
    static string? ProjectFile()
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, Settings.ProjectFileName);
            if (File.Exists(path)) return path;
        }

        return null;
    }

    static string UserFile() => Path.Combine(Xdg("XDG_CONFIG_HOME", ".config"), "lineage", "config.json");

    static string DefaultState() => Path.Combine(Xdg("XDG_STATE_HOME", ".local/state"), "lineage");

    static string Xdg(string variable, string underHome)
    {
        var configured = Environment.GetEnvironmentVariable(variable);
        if (!string.IsNullOrEmpty(configured) && Path.IsPathRooted(configured)) return configured;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), underHome);
    }

    /// <summary>A server writes its address beside its state; a file that is being replaced or is not ours is as good as none.</summary>
    static string? RecordedServer(string state)
    {
        var path = Path.Combine(state, "server.json");
        if (!File.Exists(path)) return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return document.RootElement.ValueKind is JsonValueKind.Object && document.RootElement.TryGetProperty("url", out var url)
                ? url.GetString()
                : null;
        }
        catch (Exception unreadable)
            when (unreadable is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
