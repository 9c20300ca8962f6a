using System.Runtime.InteropServices;

namespace Lineage.Cli.Terminal;

/// <summary>
/// Ctrl-C and SIGTERM cancel the running verb, which stops what it started and ends; a second one ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly PosixSignalRegistration[] registrations;

    public Interruption()
    {
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    /// <summary>The signal that asked first; null while nobody has.</summary>
    public static PosixSignal? Asked { get; private set; }

    public CancellationToken Token => source.Token;

    void OnSignal(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return;   // the second one: the default action, at once
        Asked = context.Signal;
        context.Cancel = true;
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
