[assembly: AssemblyFixture(typeof(Millrace.PostgreSql.Tests.Server))]
