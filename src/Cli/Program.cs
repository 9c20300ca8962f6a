using Lineage.ChaosHarness.Faults;
using Lineage.Cli;
using Lineage.Contracts.Api;

TimeProvider clock;
try
{
    clock = FaultyClock.Armed(Environment.GetEnvironmentVariable(FaultyClock.Variable), TimeProvider.System, Console.Error.WriteLine);
}
catch (FormatException unreadable)
{
    Console.Error.WriteLine($"lineage: {FaultyClock.Variable}: {unreadable.Message} Nothing was started.");
    return ExitCodes.Usage;
}

return await LineageProgram.RunAsync(args, clock);
