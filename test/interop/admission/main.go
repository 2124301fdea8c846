// Runs the admission code of the Kubernetes API server itself: what it makes of pods under the policies on standard input.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/discovery"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/openapi"
	"k8s.io/client-go/openapi/openapitest"
)

type input struct {
	Policy     admissionv1.MutatingAdmissionPolicy
	Binding    admissionv1.MutatingAdmissionPolicyBinding
	Namespaces []corev1.Namespace
	ConfigMaps []corev1.ConfigMap
	Pods       []corev1.Pod
}

type output struct {
	Pod   *corev1.Pod `json:"pod"`
	Error string      `json:"error"`
}

// The fake client set knows no OpenAPI, which the merging of lists by their keys needs.
type client struct{ *fake.Clientset }

type described struct{ discovery.DiscoveryInterface }

func (c client) Discovery() discovery.DiscoveryInterface { return described{c.Clientset.Discovery()} }

func (d described) OpenAPIV3() openapi.Client { return schemas{openapitest.NewEmbeddedFileClient()} }

// The schemas that client-go keeps for tests are older than image volumes, which it has the types of.
type schemas struct{ openapi.Client }

type coreSchema struct{ openapi.GroupVersion }

func (s schemas) Paths() (map[string]openapi.GroupVersion, error) {
	paths, err := s.Client.Paths()
	if core, ok := paths["api/v1"]; ok {
		paths["api/v1"] = coreSchema{core}
	}
	return paths, err
}

func (c coreSchema) Schema(contentType string) ([]byte, error) {
	text, err := c.GroupVersion.Schema(contentType)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	kinds := document["components"].(map[string]any)["schemas"].(map[string]any)
	aText := map[string]any{"type": "string"}
	kinds["io.k8s.api.core.v1.Volume"].(map[string]any)["properties"].(map[string]any)["image"] = map[string]any{
		"type": "object", "properties": map[string]any{"reference": aText, "pullPolicy": aText},
	}
	return json.Marshal(document)
}

func allow(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	return authorizer.DecisionAllow, "", nil
}

func main() {
	var in input
	must(json.NewDecoder(os.Stdin).Decode(&in))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	objects := []runtime.Object{&in.Policy, &in.Binding}
	for i := range in.Namespaces {
		objects = append(objects, &in.Namespaces[i])
	}
	params := []runtime.Object{}
	for i := range in.ConfigMaps {
		params = append(params, &in.ConfigMaps[i])
		objects = append(objects, &in.ConfigMaps[i])
	}
	clients := client{fake.NewClientset(objects...)}
	factory := informers.NewSharedInformerFactory(clients, 0)
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion})
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)

	plugin, err := mutating.NewPlugin(nil)
	must(err)
	plugin.SetEnabled(true)
	plugin.SetAuthorizer(authorizer.AuthorizerFunc(allow))
	plugin.SetExternalKubeClientSet(clients)
	plugin.SetExternalKubeInformerFactory(factory)
	plugin.SetRESTMapper(mapper)
	plugin.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme.Scheme, params...))
	plugin.SetDrainedNotification(ctx.Done())
	must(plugin.ValidateInitialization())
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if !plugin.WaitForReady() {
		must(fmt.Errorf("the policies were not read"))
	}

	results := []output{}
	for i := range in.Pods {
		pod := &in.Pods[i]
		attributes := admission.NewAttributesRecord(pod, nil, corev1.SchemeGroupVersion.WithKind("Pod"), pod.Namespace, pod.Name,
			corev1.SchemeGroupVersion.WithResource("pods"), "", admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{Name: "test"})
		message := ""
		if err := plugin.Admit(ctx, attributes, admission.NewObjectInterfacesFromScheme(scheme.Scheme)); err != nil {
			message = err.Error()
		}
		results = append(results, output{attributes.GetObject().(*corev1.Pod), message})
	}
	must(json.NewEncoder(os.Stdout).Encode(results))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
