using Lineage.ChaosHarness.Faults;
using Lineage.Cli;

var clock = FaultyClock.Armed(Environment.GetEnvironmentVariable(FaultyClock.Variable), TimeProvider.System, Console.Error.WriteLine);
return await LineageProgram.RunAsync(args, clock);
