using Lineage.Cli;

return await LineageProgram.RunAsync(args, TimeProvider.System);
