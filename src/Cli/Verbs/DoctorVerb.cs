using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>doctor</c>: looks at everything a run needs on this machine and says the next command for what is not in order.</summary>
internal static class DoctorVerb
{
    public static Command Create(Globals globals) =>
        globals.Runs(new Command("doctor", "Checks what a run needs, and says what to do."), async (call, ct) =>
        {
            var checks = await new DoctorChecks(call).AllAsync(ct);
            var report = new DoctorReport(checks.All(static check => check.Result is not (CheckResult.Failed or CheckResult.Damaged)),
                checks);
            call.Outlet.Write(Answer.One(report, report.Healthy ? "healthy" : "not-in-order", screen => DoctorPage.Draw(report, screen)));
            if (checks.Any(static check => check.Result is CheckResult.Damaged)) return ExitCodes.FoundDamage;
            return report.Healthy ? ExitCodes.Done : ExitCodes.Failed;
        });
}
