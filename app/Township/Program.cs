using Township.Platform.Web;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions
{
    Args = args,
    ApplicationName = "Township",
    ContentRootPath = AppContext.BaseDirectory, // the pages come with the program, wherever it is started
});
builder.AddTownship();

var app = builder.Build();
app.UseTownship();
await app.RunAsync();
