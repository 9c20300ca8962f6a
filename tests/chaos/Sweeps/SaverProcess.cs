using Lineage.ChaosHarness.Worlds;

namespace Lineage.Tests.Chaos.Sweeps;

/// <summary>Starts this very assembly as a process of its own (<see cref="SaverHost"/>).</summary>
static class SaverProcess
{
    public const int Killed = 137;

    public static ChildProcess Start(string name, string state, params string[] arguments) => ChildProcess.Start(
        name, Dotnet(), ["exec", typeof(SaverProcess).Assembly.Location, .. arguments], Path.Combine(state, "logs", $"{name}.log"),
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["DOTNET_TieredPGO"] = "0", ["DOTNET_gcServer"] = "0" });

    static string Dotnet() => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
}
