/* A narrow way into libxml2 and libxslt: whole calls, each within bounds, that reach no file and no network.
 *
 * What belongs to one call stands in `current`, a thread's own. The hooks that these libraries have for a whole process
 * (memory, loading of files, messages) do what they did before wherever there is no call of this file under way, so that
 * other users of the libraries in the process notice nothing. */

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __APPLE__
#include <malloc/malloc.h>
#define malloc_usable_size malloc_size
#else
#include <malloc.h>
#endif

#include <libxml/HTMLtree.h>
#include <libxml/globals.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/tree.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/extra.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/variables.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>

enum { TEXT = 4096, MESSAGE = 1024, PROBLEMS = 20 };

/* What a call may use. */
typedef struct {
    size_t memory;         /* bytes, all that is ever asked for added up */
    unsigned long steps;   /* instructions and operations of XPath, each */
    int depth;             /* templates within templates */
    long milliseconds;     /* of the processor */
    size_t output;         /* bytes of the result */
} tg_limits;

/* How a call ended. */
typedef struct {
    int stopped;           /* 0, or which limit: 1 memory, 2 steps, 3 depth, 4 time, 5 output */
    int unread;            /* whether it is the document that is wrong */
    int line, column;      /* of the first mistake, from 1; 0 if not known */
    size_t length;         /* of `text` */
    char text[TEXT];       /* what was said of it */
} tg_report;

typedef struct {
    int line;
    char message[MESSAGE];
} tg_problem;

typedef struct {
    const char *name, *text;
    size_t length;
} tg_document;

typedef struct {
    const tg_limits *limits;
    tg_report *report;
    size_t memory;
    unsigned ticks;
    struct timespec until;
    xsltTransformContextPtr transform;
    const tg_document *documents;
    size_t count;
    int unknown;           /* whether the stylesheet has an instruction that there is not */
} tg_call;

static _Thread_local tg_call *current;
static xmlExternalEntityLoader other_loader;
static xmlGenericErrorFunc other_errors;
static void *other_errors_context;

/* Time of this thread alone: what else the machine does ends nothing. */
static int is_late(const struct timespec *until) {
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
    return now.tv_sec > until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* Makes the transformation end at its next instruction or operation of XPath. */
static void stop(tg_call *call, int limit) {
    if (!call->report->stopped) call->report->stopped = limit;
    xsltTransformContextPtr transform = call->transform;
    if (!transform) return;
    transform->state = XSLT_STATE_STOPPED;
    if (transform->xpathCtxt) transform->xpathCtxt->opCount = transform->xpathCtxt->opLimit;
}

/* Counts memory; 0 if there is to be no more at all, which is where no step has been able to stop. */
static int charge(size_t bytes) {
    tg_call *call = current;
    if (!call) return 1;
    if (bytes > call->limits->memory || (call->memory += bytes) > call->limits->memory) stop(call, 1);
    if ((++call->ticks & 15) == 0 && is_late(&call->until)) stop(call, 4);
    return bytes <= call->limits->memory && call->memory / 2 <= call->limits->memory;
}

static void *hooked_malloc(size_t bytes) { return charge(bytes) ? malloc(bytes) : NULL; }

/* What grows bit by bit is counted as what it has become. */
static void *hooked_realloc(void *old, size_t bytes) {
    size_t had = old ? malloc_usable_size(old) : 0;
    return charge(bytes > had ? bytes - had : 0) ? realloc(old, bytes) : NULL;
}

static char *hooked_strdup(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = hooked_malloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* Nothing is loaded but the documents that were given. */
static xmlParserInputPtr load(const char *url, const char *id, xmlParserCtxtPtr parser) {
    tg_call *call = current;
    if (!call) return other_loader ? other_loader(url, id, parser) : NULL;
    const char *slash = url ? strrchr(url, '/') : NULL;
    const char *name = slash ? slash + 1 : url;
    for (size_t i = 0; name && i < call->count; i++) {
        const tg_document *found = &call->documents[i];
        if (strcmp(found->name, name) != 0) continue;
        xmlParserInputBufferPtr buffer =
            xmlParserInputBufferCreateMem(found->text, (int)found->length, XML_CHAR_ENCODING_UTF8);
        if (!buffer) return NULL;
        xmlParserInputPtr input = xmlNewIOInputStream(parser, buffer, XML_CHAR_ENCODING_UTF8);
        if (input) input->filename = (char *)xmlStrdup((const xmlChar *)url);
        return input;
    }
    return NULL;
}

static void say(tg_report *report, const char *text, size_t length) {
    size_t room = TEXT - report->length;
    if (length > room) length = room;
    memcpy(report->text + report->length, text, length);
    report->length += length;
}

/* Messages of libxslt, which come in pieces. */
static void hear(void *context, const char *format, ...) {
    tg_call *call = current;
    va_list arguments;
    va_start(arguments, format);
    char text[MESSAGE];
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    if ((size_t)length >= sizeof text) length = (int)sizeof text - 1;
    if (call) {
        if (strstr(text, "potential infinite template recursion")) call->report->stopped = 3;
        if (strstr(text, "Operation limit exceeded")) call->report->stopped = 2;
        call->unknown |= strstr(text, "unknown xsl:") != NULL;
        say(call->report, text, (size_t)length);
    } else if (other_errors) {
        other_errors(other_errors_context ? other_errors_context : context, "%s", text);
    }
}

/* Messages of libxml2, each with its place. */
static void note(void *context, xmlErrorPtr error) {
    (void)context;
    tg_call *call = current;
    if (!call || !error || !error->message || error->level < XML_ERR_ERROR) return;
    tg_report *report = call->report;
    if (error->domain == XML_FROM_XPATH && error->code == XML_XPATH_EXPRESSION_OK + XPATH_OP_LIMIT_EXCEEDED) {
        if (!report->stopped) report->stopped = 2;
    }
    if (!report->line && error->line > 0) {
        report->line = error->line;
        report->column = error->int2 > 0 ? error->int2 : 0;
    }
    say(report, error->message, strlen(error->message));
}

static xsltSecurityPrefsPtr no_access;

void tg_init(void) {
    xmlMemSetup(free, hooked_malloc, hooked_realloc, hooked_strdup);
    xmlInitParser();
    xsltInit();
    xmlSchemaInitTypes();
    other_loader = xmlGetExternalEntityLoader();
    xmlSetExternalEntityLoader(load);
    other_errors = xsltGenericError;
    other_errors_context = xsltGenericErrorContext;
    xsltSetGenericErrorFunc(NULL, hear);
    no_access = xsltNewSecurityPrefs();
    if (!no_access) return;
    for (int what = XSLT_SECPREF_READ_FILE; what <= XSLT_SECPREF_WRITE_NETWORK; what++)
        xsltSetSecurityPrefs(no_access, what, xsltSecurityForbid);
}

static void begin(tg_call *call, const tg_limits *limits, tg_report *report) {
    memset(call, 0, sizeof *call);
    memset(report, 0, offsetof(tg_report, text));
    call->limits = limits;
    call->report = report;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &call->until);
    call->until.tv_sec += limits->milliseconds / 1000;
    call->until.tv_nsec += limits->milliseconds % 1000 * 1000000;
    if (call->until.tv_nsec >= 1000000000) call->until.tv_sec++, call->until.tv_nsec -= 1000000000;
    current = call;
    xmlSetStructuredErrorFunc(NULL, note);
    xmlSetGenericErrorFunc(NULL, hear);
    /* A thread's own setting, and the default of all that is written here. */
    xmlIndentTreeOutput = 1;
}

static void end(void) {
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlSetGenericErrorFunc(NULL, NULL);
    xmlResetLastError();
    current = NULL;
}

/* Nothing if anything was said of it: a prefix that is not declared is no error to libxml2. */
static xmlDocPtr read_document(const char *text, size_t length, const char *url, int options) {
    xmlDocPtr document = xmlReadMemory(text, (int)length, url, "UTF-8", XML_PARSE_NONET | options);
    if (!document || !current->report->length) return document;
    xmlFreeDoc(document);
    return NULL;
}

/* Messages have lines only where the document has a name. */
void *tg_stylesheet(const char *text, size_t length, const tg_limits *limits, tg_report *report) {
    tg_call call;
    begin(&call, limits, report);
    xsltStylesheetPtr stylesheet = NULL;
    xmlDocPtr document = read_document(text, length, "stylesheet", XML_PARSE_NOCDATA);
    if (document) {
        stylesheet = xsltParseStylesheetDoc(document);
        if (!stylesheet) {
            xmlFreeDoc(document);
        } else if (stylesheet->errors != 0 || call.unknown || report->stopped) {
            xsltFreeStylesheet(stylesheet);
            stylesheet = NULL;
        }
    }
    end();
    return stylesheet;
}

void tg_stylesheet_free(void *stylesheet) { xsltFreeStylesheet(stylesheet); }

/* `translate` looks for each character of one string in another. */
static void counted_translate(xmlXPathParserContextPtr parser, int count) {
    if (count == 3 && parser->valueNr >= 3) {
        xmlXPathObjectPtr to = valuePop(parser);
        xmlXPathObjectPtr from = xmlXPathConvertString(valuePop(parser)), in = xmlXPathConvertString(valuePop(parser));
        valuePush(parser, in);
        valuePush(parser, from);
        valuePush(parser, to);
        if (from && in) {
            unsigned long work = (unsigned long)xmlStrlen(in->stringval) * (unsigned long)xmlStrlen(from->stringval) / 64;
            xmlXPathContextPtr context = parser->context;
            if (work > context->opLimit || context->opCount > context->opLimit - work) {
                context->opCount = context->opLimit;
                xmlXPathErr(parser, XPATH_OP_LIMIT_EXCEEDED);
                return;
            }
            context->opCount += work;
        }
    }
    xmlXPathTranslateFunction(parser, count);
}

/* Whoever asks for another document gets none. */
static void no_document(xmlXPathParserContextPtr parser, int count) {
    xsltTransformContextPtr transform = xsltXPathGetTransformContext(parser);
    hear(NULL, "document() reads no documents here\n");
    if (transform) transform->state = XSLT_STATE_STOPPED;
    while (count-- > 0) xmlXPathFreeObject(valuePop(parser));
    xmlXPathErr(parser, XPATH_EXPR_ERROR);
}

/* One that is there already has to go first. */
static void replace_function(xmlXPathContextPtr context, const char *name, xmlXPathFunction function) {
    xmlXPathRegisterFunc(context, (const xmlChar *)name, NULL);
    xmlXPathRegisterFunc(context, (const xmlChar *)name, function);
}

typedef struct {
    unsigned char *bytes;
    size_t length, room, most;
} sink;

static int pour(void *context, const char *bytes, int length) {
    sink *into = context;
    size_t more = (size_t)length;
    if (more > into->most - into->length) return -1;
    if (more > into->room - into->length) {
        size_t room = (into->length + more) * 2;
        unsigned char *grown = realloc(into->bytes, room);
        if (!grown) return -1;
        into->bytes = grown;
        into->room = room;
    }
    memcpy(into->bytes + into->length, bytes, more);
    into->length += more;
    return length;
}

/* As .NET writes XML: no line ends that nobody asked for. */
static void write_xml(xmlOutputBufferPtr out, xmlDocPtr result, xsltStylesheetPtr style) {
    const char *encoding = style->encoding ? (const char *)style->encoding : "utf-8";
    int indent = style->indent == 1;
    if (style->omitXmlDeclaration != 1) {
        xmlOutputBufferWriteString(out, "<?xml version=\"1.0\" encoding=\"");
        xmlOutputBufferWriteString(out, encoding);
        xmlOutputBufferWriteString(out, "\"");
        if (style->standalone == 0) xmlOutputBufferWriteString(out, " standalone=\"no\"");
        if (style->standalone == 1) xmlOutputBufferWriteString(out, " standalone=\"yes\"");
        xmlOutputBufferWriteString(out, "?>");
        if (indent) xmlOutputBufferWriteString(out, "\n");
    }
    for (xmlNodePtr child = result->children; child; child = child->next) {
        xmlNodeDumpOutput(out, result, child, 0, indent, encoding);
        if (indent && child->next) xmlOutputBufferWriteString(out, "\n");
    }
}

static int is_xml(xmlDocPtr result, xsltStylesheetPtr style) {
    if (style->methodURI) return 0;
    if (style->method) return xmlStrEqual(style->method, (const xmlChar *)"xml");
    return result->type != XML_HTML_DOCUMENT_NODE;
}

static unsigned char *write_result(xmlDocPtr result, xsltStylesheetPtr style, tg_report *report, size_t most, size_t *length) {
    xmlCharEncodingHandlerPtr encoder = NULL;
    if (style->encoding) {
        encoder = xmlFindCharEncodingHandler((const char *)style->encoding);
        if (!encoder) {
            hear(NULL, "xsl:output: there is no encoding %s\n", (const char *)style->encoding);
            return NULL;
        }
        if (xmlStrcasecmp((const xmlChar *)encoder->name, (const xmlChar *)"UTF-8") == 0) encoder = NULL;
    }
    sink into = {malloc(1024), 0, 1024, most};
    if (!into.bytes) return NULL;
    xmlOutputBufferPtr out = xmlOutputBufferCreateIO(pour, NULL, &into, encoder);
    if (!out) {
        free(into.bytes);
        return NULL;
    }
    if (is_xml(result, style)) write_xml(out, result, style);
    else xsltSaveResultTo(out, result, style);
    if (xmlOutputBufferClose(out) < 0) {
        if (into.length + 65536 > most && !report->stopped) report->stopped = 5;
        free(into.bytes);
        return NULL;
    }
    *length = into.length;
    return into.bytes;
}

/* `parameters` are names and values in turn, then NULL; a value is a string if its name begins with `=`, else XPath. */
unsigned char *tg_transform(void *stylesheet, const char *text, size_t size, const char *const *parameters,
                            const tg_limits *limits, tg_report *report, size_t *length) {
    tg_call call;
    begin(&call, limits, report);
    xsltStylesheetPtr style = stylesheet;
    unsigned char *bytes = NULL;
    xmlDocPtr document = read_document(text, size, NULL, 0), result = NULL;
    report->unread = !document;
    xsltTransformContextPtr transform = document ? xsltNewTransformContext(style, document) : NULL;
    if (transform && transform->xpathCtxt && no_access && !report->stopped) {
        report->line = report->column = 0;
        call.transform = transform;
        xsltSetCtxtSecurityPrefs(no_access, transform);
        xsltSetTransformErrorFunc(transform, NULL, hear);
        transform->opLimit = limits->steps;
        transform->xpathCtxt->opLimit = limits->steps;
        transform->maxTemplateDepth = limits->depth;
        transform->maxTemplateVars = limits->depth * 15;
        replace_function(transform->xpathCtxt, "translate", counted_translate);
        replace_function(transform->xpathCtxt, "document", no_document);
        const xmlChar *node_set = (const xmlChar *)"node-set";
        xsltRegisterExtFunction(transform, node_set, (const xmlChar *)"urn:schemas-microsoft-com:xslt", xsltFunctionNodeSet);
        xsltRegisterExtFunction(transform, node_set, (const xmlChar *)"http://exslt.org/common", xsltFunctionNodeSet);
        for (; *parameters; parameters += 2) {
            const xmlChar *name = (const xmlChar *)parameters[0], *value = (const xmlChar *)parameters[1];
            if (*name == '=') xsltQuoteOneUserParam(transform, name + 1, value);
            else xsltEvalOneUserParam(transform, name, value);
        }
        result = xsltApplyStylesheetUser(style, document, NULL, NULL, NULL, transform);
        /* Nothing of the transformation is left that could be stopped. */
        call.transform = NULL;
        if (result && transform->state == XSLT_STATE_OK && !report->stopped)
            bytes = write_result(result, style, report, limits->output, length);
    }
    call.transform = NULL;
    if (result) xmlFreeDoc(result);
    if (transform) xsltFreeTransformContext(transform);
    if (document) xmlFreeDoc(document);
    end();
    return bytes;
}

void tg_free(unsigned char *bytes) { free(bytes); }

/* A schema, and its document, which it leads into but does not free. */
typedef struct {
    xmlSchemaPtr schema;
    xmlDocPtr document;
} tg_compiled;

void tg_schema_free(void *compiled) {
    tg_compiled *it = compiled;
    if (it->schema) xmlSchemaFree(it->schema);
    if (it->document) xmlFreeDoc(it->document);
    free(it);
}

/* The first document is the schema; the others are those that it may import or include. */
void *tg_schema(const tg_document *documents, size_t count, const tg_limits *limits, tg_report *report) {
    tg_call call;
    begin(&call, limits, report);
    call.documents = documents;
    call.count = count;
    tg_compiled *compiled = calloc(1, sizeof *compiled);
    if (compiled) compiled->document = read_document(documents->text, documents->length, documents->name, 0);
    xmlSchemaParserCtxtPtr parser = compiled && compiled->document ? xmlSchemaNewDocParserCtxt(compiled->document) : NULL;
    if (parser) {
        xmlSchemaSetParserStructuredErrors(parser, (xmlStructuredErrorFunc)note, NULL);
        compiled->schema = xmlSchemaParse(parser);
        xmlSchemaFreeParserCtxt(parser);
    }
    /* An import that could not be read is an error here, whatever came of it. */
    if (compiled && (!compiled->schema || report->length || report->stopped)) {
        tg_schema_free(compiled);
        compiled = NULL;
    }
    end();
    return compiled;
}

/* A document on its way through the validator. */
typedef struct {
    tg_call *call;
    xmlParserCtxtPtr parser;
    xmlSchemaPtr schema;
    int soap;              /* whether it is what stands in an envelope's body that counts */
    int depth;             /* of open elements */
    int in_body, bodies, parts;
    const xmlChar *spaces[2 * 64]; /* what the envelope declares, as prefixes and names */
    int space_count;
    xmlSchemaValidCtxtPtr valid;
    xmlSchemaSAXPlugPtr plug;
    xmlSAXHandlerPtr sax;
    void *sax_context;
    tg_problem *problems;
    int count;
    int failed;            /* the validator itself could not go on */
} walk;

static void collect(void *context, xmlErrorPtr error) {
    walk *it = context;
    if (!error || !error->message || error->level < XML_ERR_ERROR) return;
    if (error->code == XML_SCHEMAV_INTERNAL) it->failed = 1;
    if (it->count < PROBLEMS) {
        tg_problem *problem = &it->problems[it->count];
        problem->line = xmlSAX2GetLineNumber(it->parser);
        snprintf(problem->message, sizeof problem->message, "%s", error->message);
    }
    it->count++;
}

static int begin_part(walk *it) {
    it->sax = NULL;
    it->valid = xmlSchemaNewValidCtxt(it->schema);
    if (!it->valid) return 0;
    xmlSchemaSetValidStructuredErrors(it->valid, (xmlStructuredErrorFunc)collect, it);
    it->plug = xmlSchemaSAXPlug(it->valid, &it->sax, &it->sax_context);
    it->parts++;
    return it->plug != NULL;
}

static void end_part(walk *it) {
    if (it->plug) xmlSchemaSAXUnplug(it->plug);
    if (it->valid) xmlSchemaFreeValidCtxt(it->valid);
    it->plug = NULL;
    it->valid = NULL;
}

static int is_soap(const xmlChar *uri) {
    return uri && (xmlStrEqual(uri, (const xmlChar *)"http://schemas.xmlsoap.org/soap/envelope/") ||
                   xmlStrEqual(uri, (const xmlChar *)"http://www.w3.org/2003/05/soap-envelope"));
}

static void start_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int spaces,
                          const xmlChar **declared, int attributes, int defaulted, const xmlChar **values) {
    walk *it = context;
    if (is_late(&it->call->until)) stop(it->call, 4);
    if (it->call->report->stopped || it->failed || it->count >= PROBLEMS) {
        xmlStopParser(it->parser);
        return;
    }
    int depth = it->depth++;
    if (it->soap && depth < 2) {
        const char *expected = depth == 0 ? "Envelope" : "Body";
        int is_it = is_soap(uri) && strcmp((const char *)name, expected) == 0;
        if (depth == 1) {
            it->in_body = is_it;
            it->bodies += is_it;
        } else if (!is_it) {
            it->bodies = -1;
            xmlStopParser(it->parser);
        }
        if (depth == 0 || is_it)
            for (int i = 0; i < spaces; i++) {
                if (it->space_count == 64) {
                    it->failed = 1;
                    return;
                }
                it->spaces[2 * it->space_count] = declared[2 * i];
                it->spaces[2 * it->space_count++ + 1] = declared[2 * i + 1];
            }
        return;
    }
    if (it->soap && !it->in_body) return;
    if (depth == (it->soap ? 2 : 0)) {
        if (!begin_part(it)) {
            it->failed = 1;
            return;
        }
        if (it->space_count && spaces <= 64) {
            /* Its own come first: they are what is found first, and count. */
            const xmlChar *all[4 * 64];
            for (int i = 0; i < 2 * spaces; i++) all[i] = declared[i];
            for (int i = 0; i < it->space_count; i++) {
                /* The body's before the envelope's. */
                int from = it->space_count - 1 - i;
                all[2 * (spaces + i)] = it->spaces[2 * from];
                all[2 * (spaces + i) + 1] = it->spaces[2 * from + 1];
            }
            it->sax->startElementNs(it->sax_context, name, prefix, uri, spaces + it->space_count, all, attributes,
                                    defaulted, values);
            return;
        }
    }
    if (it->plug)
        it->sax->startElementNs(it->sax_context, name, prefix, uri, spaces, declared, attributes, defaulted, values);
}

static void end_element(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
    walk *it = context;
    int depth = --it->depth;
    if (it->plug) it->sax->endElementNs(it->sax_context, name, prefix, uri);
    if (it->plug && depth == (it->soap ? 2 : 0)) end_part(it);
    if (it->soap && depth == 1) it->in_body = 0;
}

static void text(void *context, const xmlChar *characters, int length) {
    walk *it = context;
    if (it->plug) it->sax->characters(it->sax_context, characters, length);
}

static void cdata(void *context, const xmlChar *characters, int length) {
    walk *it = context;
    if (it->plug) it->sax->cdataBlock(it->sax_context, characters, length);
}

/* How many problems there are, at most one more than are told; -1 if the text cannot be validated, as the report says. */
int tg_validate(void *schema, const char *xml, size_t length, int soap, const tg_limits *limits, tg_report *report,
                tg_problem *problems) {
    tg_call call;
    begin(&call, limits, report);
    walk it;
    memset(&it, 0, sizeof it);
    it.call = &call;
    it.schema = ((tg_compiled *)schema)->schema;
    it.soap = soap;
    it.problems = problems;
    int answer = -1;
    xmlSAXHandler sax;
    memset(&sax, 0, sizeof sax);
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = start_element;
    sax.endElementNs = end_element;
    sax.characters = sax.ignorableWhitespace = text;
    sax.cdataBlock = cdata;
    sax.serror = (xmlStructuredErrorFunc)note;
    it.parser = xmlCreateMemoryParserCtxt(xml, (int)length);
    if (it.parser) {
        xmlSAXHandlerPtr own = it.parser->sax;
        it.parser->sax = &sax;
        it.parser->userData = &it;
        xmlCtxtUseOptions(it.parser, XML_PARSE_NONET);
        xmlSwitchEncoding(it.parser, XML_CHAR_ENCODING_UTF8);
        xmlParseDocument(it.parser);
        int is_whole = it.parser->wellFormed && it.parser->nsWellFormed && it.depth == 0;
        end_part(&it);
        it.parser->sax = own;
        xmlDocPtr document = it.parser->myDoc;
        it.parser->myDoc = NULL;
        if (document) xmlFreeDoc(document);
        xmlFreeParserCtxt(it.parser);
        if (it.failed && !report->length) say(report, "The validator cannot go on.", 27);
        int whole = is_whole && (!soap || it.bodies == 1);
        if (!it.failed && !report->stopped && (it.count >= PROBLEMS || whole)) answer = it.count;
        if (answer < 0 && soap && !report->length && it.bodies != 1) say(report, "It is no SOAP envelope with a body.", 35);
    }
    end();
    return answer > PROBLEMS ? PROBLEMS : answer;
}
