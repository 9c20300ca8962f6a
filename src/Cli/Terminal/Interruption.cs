using System.Runtime.InteropServices;

namespace Lineage.Cli.Terminal;

/// <summary>
/// Ctrl-C and SIGTERM cancel the running verb, which stops what it started and ends; a second one ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly PosixSignalRegistration[] registrations;

    public Interruption() =>
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal =>
            PosixSignalRegistration.Create(signal, OnSignal))];

    public CancellationToken Token => source.Token;

    void OnSignal(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return;   // the second one: the default action, at once
        context.Cancel = true;
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
